// How the process tells its end to scripts, systemd and `run --supervise`.

export const exitCode = {
  ok: 0,
  /** It could not start, or broke down: starting again may help. */
  failed: 1,
  /** The configuration is wrong (EX_CONFIG of sysexits.h): starting again does not help. */
  config: 78,
} as const;
