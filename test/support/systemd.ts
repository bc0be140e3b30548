/** A systemd of its own in new namespaces, with the journal and nothing else, to install units in; takes root. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Booted {
  /** Runs a command in it, in its network and with its files; answers what it wrote to both outputs. */
  run(...command: readonly string[]): string;
  /** Runs `command` until what it writes matches. Throws after 60 s, with the journal. */
  wait(pattern: RegExp, ...command: readonly string[]): Promise<string>;
}

export interface BootOptions {
  /** Folders that it has to itself, empty. What it writes to /etc and /var is gone at the end as well. */
  readonly folders: readonly string[];
  /** Settings of a unit that differ: its name, and a drop-in's text. */
  readonly dropIn: readonly [unit: string, text: string];
}

const system = "/lib/systemd/systemd";
const waitMs = 60_000;
const needed = ["unshare", "nsenter", "systemd-notify", "mount"];

/** Why no systemd can be booted here, or undefined. */
export function reasonNotToBoot(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can boot a systemd in namespaces";
  const missing = needed.filter((name) => spawnSync(name, ["--version"]).error !== undefined);
  if (missing.length > 0 || !existsSync(system)) return `not installed: ${missing.join(" ") || system}`;
  const probe = spawnSync("unshare", ["-m", "-p", "-f", "-C", "-u", "-i", "-n", "true"], {
    encoding: "utf8",
  });
  return probe.status === 0 ? undefined : `no namespaces can be made here: ${probe.stderr.trim()}`;
}

/** Boots, hands over to `use` and ends all of it. */
export async function withSystemd(
  options: BootOptions,
  use: (booted: Booted) => Promise<void>,
): Promise<void> {
  const outer = spawn("unshare", ["-m", "bash", "-ec", outerScript, "boot", innerScript(options)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(outer, "exit");
  const [line] = (await Promise.race([once(outer.stdout, "data"), ended])) as [Buffer | number];
  const pid = await onlyChild(String(line).trim());
  try {
    await use(bootedAt(pid));
  } finally {
    process.kill(Number(pid), "SIGKILL");
    await ended;
  }
}

/** Runs the inner script as process 1 of its namespaces, below a control group that is removed afterwards. */
const outerScript = `
mount --make-rprivate /
groups=$(mktemp -d)
mount -t cgroup2 none "$groups"
own=$groups/prk-systemd-$$
mkdir "$own"
bash -c 'echo $$ > "$1/cgroup.procs"; exec unshare -m -p -f -C -u -i -n bash -ec "$2"' boot "$own" "$1" >/dev/null &
echo $!
wait $! || true
for try in 1 2 3 4 5; do find "$own" -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.2; done
umount "$groups"
rmdir "$groups"
`;

/** Only what starts a unit at all: its targets, its slices and the journal. */
const units = [
  ..."basic sysinit sockets timers paths slices multi-user shutdown umount local-fs swap".split(" "),
  ..."network network-online network-pre rescue emergency final".split(" "),
].map((name) => `${name}.target`);

function innerScript({ folders, dropIn: [unit, text] }: BootOptions): string {
  return `
mount -t proc proc /proc
mount --bind -o ro /proc/sys /proc/sys
mount --bind /dev/null /dev/console
mount -t tmpfs none /run
mkdir -p /run/new/units/sockets.target.wants /run/new/units/sysinit.target.wants
mkdir -p /run/log/journal /run/new/over/up /run/new/over/work /run/systemd/system/${unit}.d
cd /lib/systemd/system
cp ${units.join(" ")} system.slice systemd-journald.service systemd-journald.socket /run/new/units/ 2>/dev/null || true
ln -s multi-user.target /run/new/units/default.target
ln -s ../systemd-journald.socket /run/new/units/sockets.target.wants/
ln -s ../systemd-journald.service /run/new/units/sysinit.target.wants/
printf '%s' '${text}' > /run/systemd/system/${unit}.d/test.conf
mount --bind /run/new/units /lib/systemd/system
mount -t tmpfs none /lib/systemd/system-generators
mount -t overlay -o lowerdir=/etc,upperdir=/run/new/over/up,workdir=/run/new/over/work overlay /etc
mount -t tmpfs none /etc/systemd/system
mount -t tmpfs none /var
mkdir -p /var/lib /var/log /var/tmp
${folders.map((each) => `mount -t tmpfs none "${each}"`).join("\n")}
umount -R /sys/fs/cgroup || true
mount -t cgroup2 none /sys/fs/cgroup
export container=lxc
exec ${system} --system --log-target=journal --show-status=no
`;
}

/** The process that `unshare -f` started as process 1. */
async function onlyChild(unsharePid: string): Promise<string> {
  const path = `/proc/${unsharePid}/task/${unsharePid}/children`;
  for (const deadlineMs = performance.now() + waitMs; performance.now() < deadlineMs; await sleep(50)) {
    const pid = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
    if (pid !== "") return pid;
  }
  throw new Error(`process ${unsharePid} started nothing`);
}

function bootedAt(pid: string): Booted {
  const run = (...command: readonly string[]): string => {
    const { stdout, stderr } = spawnSync("nsenter", ["-t", pid, "-a", ...command], { encoding: "utf8" });
    return stdout + stderr;
  };
  return {
    run,
    async wait(pattern, ...command) {
      let text = "";
      for (const deadlineMs = performance.now() + waitMs; performance.now() < deadlineMs; await sleep(100)) {
        text = run(...command);
        if (pattern.test(text)) return text;
      }
      throw new Error(
        `${command.join(" ")} did not say ${pattern}:\n${text}\n${run("journalctl", "--no-pager")}`,
      );
    },
  };
}
