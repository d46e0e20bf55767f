"""Times clips from a training cache against peers on the original videos; see README.md."""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import decord
import torch

from decode import Decord, PyAV, Torchcodec, choose_clip, describe, make_noisy_video, measure

COMPARED_CLIPS = 4
LEAST_SSIM = 0.8  # below that a copy is not a picture of its video
SHORT_SIDE = 256


class Copy:
    """A copy read by the library, in a process of its own that measures itself."""

    name = "sslact"

    def __init__(self, program, video, stem):
        self.process = subprocess.Popen([program, video, stem], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.count, self.width, self.height = map(int, self.process.stdout.readline().split())

    def ask(self, command, frames):
        self.process.stdin.write(f"{command} {' '.join(map(str, frames))}\n")
        self.process.stdin.flush()
        return tuple(float(word) for word in self.process.stdout.readline().split())

    def time(self, how, frames):
        return self.ask(how, frames)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class OwnVideo:
    """The library on the original, reduced to the same size."""

    name = "sslact on the video"

    def __init__(self, copy):
        self.copy = copy

    def time(self, how, frames):
        return self.copy.ask("video", frames)


def prepare(arguments, video, codec, folder):
    """Makes the cache as a person would; the numbers that the tool prints."""
    (folder / "labels.csv").write_text(f"{video.stem},0,0.1,0.1,0.9,0.9,1,0\n")
    (folder / "actions.pbtxt").write_text('item { name: "any" id: 1 }\n')
    keys = {"ssl.preset": "baseline", "data.train.labels": folder / "labels.csv",
            "data.actions": folder / "actions.pbtxt", "data.video_root": video.parent.absolute(),
            "data.cache": folder / codec, "data.cache_codec": codec, "data.short_side": SHORT_SIDE,
            "run.loader_threads": 1, "model.class_count": 1}
    words = [f"{key}={value}" for key, value in keys.items()]
    done = subprocess.run([arguments.tool, "prepare", "--json", "--quiet"] + words,
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def judge(copy, dice):
    """Quality first: mean PSNR and SSIM of some clips."""
    answers = [copy.ask("compare", choose_clip(dice, copy.count)) for _ in range(COMPARED_CLIPS)]
    psnr, ssim = (statistics.mean(values) for values in zip(*answers))
    if ssim < LEAST_SSIM:
        sys.exit(f"cache: the copy does not look like its video: SSIM {ssim:.3f}")
    return psnr, ssim


def run_codec(arguments, video, codec, folder, rows):
    made = prepare(arguments, video, codec, folder)
    copy = Copy(arguments.program, video, folder / codec / "train" / video.stem)
    psnr, ssim = judge(copy, random.Random(3))
    peers = [PyAV(str(video)), Decord(str(video)), Torchcodec(str(video))]
    dice = random.Random(7)
    clips = [choose_clip(dice, copy.count) for _ in range(arguments.clips)]
    size = made["bytes"] / made["original_bytes"]
    print(f"cache/{video.stem}/{codec}: {copy.count} frames copied in {made['seconds']:.1f} s, {size:.2f} of "
          f"the video's size, {copy.width}x{copy.height}", flush=True)
    for how in ("fresh", "kept"):
        sides = [copy, OwnVideo(copy)] + peers
        seconds, work = measure(sides, how, clips, arguments.repeats)
        for side in sides[1:]:
            ratios = [statistics.median(t[side.name]) / statistics.median(t[copy.name])
                      for t in (seconds, work)]
            label = f"cache/{video.stem}/{codec}/{how}"
            rows.append({"row": label, "peer": side.name, "ours": seconds[copy.name],
                         "theirs": seconds[side.name], "ratio": ratios[0], "ratio_processor": ratios[1],
                         "psnr": psnr, "ssim": ssim, "size": size, "prepare_seconds": made["seconds"]})
            print(f"{label:44} {describe(seconds[copy.name]):>20} {describe(seconds[side.name]):>24}  "
                  f"{side.name:19} {ratios[0]:6.2f} {ratios[1]:6.2f}  PSNR {psnr:.1f} dB, SSIM {ssim:.3f}",
                  flush=True)
    copy.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/sslact_bench_cache")
    parser.add_argument("--tool", default="build/sslact_cli")
    parser.add_argument("--json")
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", default="build/bench")
    parser.add_argument("--from", dest="start", default=".", help="folder that videos are relative to")
    parser.add_argument("--videos-only", action="store_true", help="without the bench's own video")
    parser.add_argument("videos", nargs="*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    Path(arguments.folder).mkdir(parents=True, exist_ok=True)
    videos = [Path(arguments.start) / video for video in arguments.videos]
    if not arguments.videos_only:
        noisy = Path(arguments.folder) / "noisy_640x360_gop250.mp4"
        if not noisy.exists():
            make_noisy_video(noisy)
        videos.insert(0, noisy)
    load = os.getloadavg()[0]
    print(f"sslact cache bench   load {load:.2f}{' (noisy)' if load > 0.3 else ''}   PyAV {av.__version__}  "
          f"decord {decord.__version__}  torchcodec   1 thread each   {arguments.clips} clips of 32 frames, "
          f"{arguments.repeats} repeats, ms a clip, median [min..max]\n"
          f"{'row':44} {'from the cache':>20} {'from the video':>24}  {'by':19} {'ratio':>6} {'proc.':>6}  "
          f"brightness of the copies")
    rows = []
    for video in videos:
        for codec in ("h264", "mjpeg"):
            with tempfile.TemporaryDirectory() as folder:
                run_codec(arguments, video, codec, Path(folder), rows)
    if arguments.json:
        (Path(arguments.start) / arguments.json).write_text(json.dumps({"load": load, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
