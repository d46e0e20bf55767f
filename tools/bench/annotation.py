"""The rows of tools/bench/annotation; see tools/bench/README.md."""

import argparse
import ctypes
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time

ACTIONS = (12, 80, 79, 74, 11, 17, 14, 59, 1, 3, 5, 8)
ROWS_PER_KEY_FRAME = 860000 / 184279


# ---- generated files ----

def write_labels(path, row_count):
    """Rows as AVA's: videos of up to 897 seconds, 1 to 8 people, 1 to 4 labels each."""
    numbers = random.Random(1)
    rows = key_frames = 0
    wanted = round(row_count / ROWS_PER_KEY_FRAME)
    with open(path + ".part", "w", encoding="ascii") as out:
        video = 0
        while key_frames < wanted:
            name = f"v{video:010d}"
            video += 1
            for second in range(902, 1799):
                if key_frames == wanted or numbers.random() < 0.125:
                    continue
                key_frames += 1
                people = 0
                while rows * wanted < key_frames * row_count and people < 8:
                    # Apart from each other: two people in one place would be a problem.
                    left, top = 0.5 * numbers.random(), 0.05 * people + 0.01 * numbers.random()
                    right, bottom = left + 0.1 + 0.4 * numbers.random(), top + 0.5
                    box = f"{left:.3f},{top:.3f},{right:.3f},{bottom:.3f}"
                    for action in numbers.sample(ACTIONS, numbers.choice((1, 2, 2, 3, 3, 3, 4))):
                        out.write(f"{name},{second:04d},{box},{action},{people}\n")
                        rows += 1
                    people += 1
    os.rename(path + ".part", path)


def make_files(folder, row_count):
    labels = os.path.join(folder, f"labels_{row_count}.csv")
    actions = os.path.join(folder, "actions.pbtxt")
    if not os.path.exists(labels):
        print(f"writing {labels}", file=sys.stderr)
        write_labels(labels, row_count)
    with open(actions, "w", encoding="ascii") as out:
        for action in sorted(ACTIONS):
            out.write(f'item {{\n  name: "action {action}"\n  id: {action}\n}}\n')
    return labels, actions


# ---- one side, in a process of its own ----

def read_memory(key):
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(key + ":"))


def user_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run_ours(arguments):
    """Opens the labels through the C API; counts per class are the correctness cell."""
    library = ctypes.CDLL(os.path.join(arguments.build, "libsslact.so"))
    config, dataset = ctypes.c_void_p(), ctypes.c_void_p()

    def call(name, *given):
        if getattr(library, name)(*given) < 0:
            library.sslact_error_get_message.restype = ctypes.c_char_p
            sys.exit(library.sslact_error_get_message().decode())

    call("sslact_config_create", ctypes.byref(config))
    for key, value in (("data.train.labels", arguments.labels), ("data.actions", arguments.actions),
                       ("model.class_count", str(len(ACTIONS)))):
        call("sslact_config_set", config, key.encode(), value.encode())
    with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")  # the peak starts from here
    before, wall, cpu = read_memory("VmRSS"), time.perf_counter(), user_seconds()
    call("sslact_dataset_open", config, b"train", ctypes.byref(dataset))
    wall, cpu = time.perf_counter() - wall, user_seconds() - cpu
    held, peak = read_memory("VmRSS") - before, read_memory("VmHWM") - before
    counts = (ctypes.c_int64 * len(ACTIONS))()
    needed = ctypes.c_size_t()
    call("sslact_dataset_count_labels", dataset, counts, ctypes.c_size_t(len(ACTIONS)),
         ctypes.byref(needed))
    return {"wall": wall, "cpu": cpu, "held": held, "peak": peak, "counts": list(counts)}


def count_csv(path):
    """Instances per class with the csv module: a person is a unique (video, time, box)."""
    import csv
    labels = {}
    with open(path, newline="", encoding="ascii") as rows:
        for video, second, x1, y1, x2, y2, action, _ in csv.reader(rows):
            key = (video, int(second), float(x1), float(y1), float(x2), float(y2))
            labels.setdefault(key, set()).add(int(action))
    counts = dict.fromkeys(ACTIONS, 0)
    for actions in labels.values():
        for action in actions:
            counts[action] += 1
    return labels, [counts[action] for action in sorted(ACTIONS)]


def count_pandas(path):
    import pandas
    columns = ["video", "second", "x1", "y1", "x2", "y2", "action", "person"]
    table = pandas.read_csv(path, header=None, names=columns)
    unique = table.drop_duplicates(columns[:7])
    table["instance"] = table.groupby(columns[:6], sort=True).ngroup()
    counts = unique["action"].value_counts()
    return table, [int(counts.get(action, 0)) for action in sorted(ACTIONS)]


def run_peer(arguments):
    if arguments.side == "pandas":
        import pandas  # noqa: F401  the import is not timed
    with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    before, wall, cpu = read_memory("VmRSS"), time.perf_counter(), user_seconds()
    held, counts = (count_pandas if arguments.side == "pandas" else count_csv)(arguments.labels)
    wall, cpu = time.perf_counter() - wall, user_seconds() - cpu
    result = {"wall": wall, "cpu": cpu, "held": read_memory("VmRSS") - before,
              "peak": read_memory("VmHWM") - before, "counts": counts}
    del held
    return result


def measure_side(arguments, side, labels, actions):
    command = [sys.executable, __file__, "--side", side, "--labels", labels, "--actions", actions,
               "--build", arguments.build]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def measure_check(arguments, labels, actions):
    """The tool as a person starts it: loading the library is in the time and in the memory."""
    command = [os.path.join(arguments.build, "sslact_cli"), "data", "check", "--quiet", "--json",
               "data.train.labels=" + labels, "data.actions=" + actions,
               f"model.class_count={len(ACTIONS)}"]
    wall = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - wall
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {child.returncode}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024}


# ---- the table ----

def has_pandas():
    return subprocess.run([sys.executable, "-c", "import pandas"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def measure_size(arguments, row_count, peers):
    labels, actions = make_files(arguments.folder, row_count)
    with open(labels, encoding="ascii") as rows:
        count = sum(1 for _ in rows)
    samples = {side: [] for side in ["ours", "check", *peers]}
    for _ in range(arguments.repeats):
        for side, taken in samples.items():
            taken.append(measure_check(arguments, labels, actions) if side == "check" else
                         measure_side(arguments, side, labels, actions))
    counts = {side: taken[0]["counts"] for side, taken in samples.items() if side != "check"}
    result = {"rows": count, "bytes": os.path.getsize(labels),
              "correct": all(other == counts["ours"] for other in counts.values())}
    for side, taken in samples.items():
        result[side] = {key: statistics.median(sample[key] for sample in taken)
                        for key in taken[0] if key != "counts"}
    return result


def print_size(result, peers):
    count = result["rows"]
    print(f"\n{count} rows, {result['bytes'] / 1e6:.0f} MB, counts per class "
          f"{'equal' if result['correct'] else 'DIFFER'}")
    print(f"{'':12}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'peak B/row':>12}{'held B/row':>12}"
          f"{'CPU, ours = 1':>15}")
    for side in ["ours", *peers, "check"]:
        row = result[side]
        held = f"{row['held'] / count:12.1f}" if "held" in row else f"{'':12}"
        per_row = f"{row['peak'] / count:12.1f}" if "held" in row else f"{'':12}"
        print(f"{'open' if side == 'ours' else side:12}{row['wall']:9.2f}{row['cpu']:9.2f}"
              f"{row['peak'] / 1e6:9.0f}{per_row}{held}{row['cpu'] / result['ours']['cpu']:15.1f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--folder", default="build/bench_annotation")
    parser.add_argument("--rows", default="860000,2500000,5000000,10000000")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("--peer-limit", type=int, default=2500000,
                        help="no peer above this many rows: csv needs 700 bytes for each")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--labels", help=argparse.SUPPRESS)
    parser.add_argument("--actions", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side = run_ours if arguments.side == "ours" else run_peer
        print(json.dumps(side(arguments)))
        return
    os.makedirs(arguments.folder, exist_ok=True)
    all_peers = ["csv", "pandas"] if has_pandas() else ["csv"]
    print(f"load {os.getloadavg()[0]:.2f}, {os.cpu_count()} processors; medians of "
          f"{arguments.repeats}; CPU is user and system time")
    results = []
    for row_count in map(int, arguments.rows.split(",")):
        peers = all_peers if row_count <= arguments.peer_limit else []
        results.append(measure_size(arguments, row_count, peers))
        print_size(results[-1], peers)
    if arguments.json:
        with open(arguments.json, "w", encoding="ascii") as out:
            json.dump(results, out, indent=1)
    sys.exit(0 if all(result["correct"] for result in results) else 1)


main()
