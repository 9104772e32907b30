// Which configuration is meant. In one line: -c FILE, else WEIR_CONFIG (a path), else WEIR_CONFIG_BODY (the whole YAML), else
// /etc/weir/weir.yaml; conf.d/*.yaml beside the file joins in; WEIR__section__key=value sets single values above all.

export type ConfigSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'body'; readonly text: string }
  /** The embedded demo configuration. */
  | { readonly kind: 'demo' };

export const defaultConfigFile = '/etc/weir/weir.yaml';

/** What the command line and the environment name; undefined when they name nothing. Empty variables count as unset. */
export function namedSource(file: string | undefined, env: Readonly<Record<string, string | undefined>>): ConfigSource | undefined {
  const path = file ?? (env.WEIR_CONFIG || undefined);
  if (path !== undefined) return { kind: 'file', path };
  const text = env.WEIR_CONFIG_BODY;
  return text === undefined || text === '' ? undefined : { kind: 'body', text };
}
