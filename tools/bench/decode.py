"""Times reading random clips with sslact, PyAV, decord and torchcodec; see README.md."""

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import decord
import numpy
import torch
from torchcodec.decoders import VideoDecoder

CLIP_FRAMES = 32
STRIDE = 2
COMPARED_CLIPS = 3  # clips whose pictures are compared before anything is timed


class Ours:
    """The library in a process of its own, which measures itself."""

    name = "sslact"

    def __init__(self, program, path, folder, slow=False):
        self.output = Path(folder) / "clip.rgb"
        self.process = subprocess.Popen(
            [program, path, folder, self.output] + (["slow"] if slow else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        count, width, height = self.process.stdout.readline().split()
        self.count, self.width, self.height = int(count), int(width), int(height)

    def ask(self, command, frames):
        self.process.stdin.write(f"{command} {' '.join(map(str, frames))}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def read(self, frames):
        self.ask("rgb", frames)
        return numpy.fromfile(self.output, numpy.uint8).reshape(-1, self.height, self.width, 3)

    def time(self, how, frames):
        return tuple(float(word) for word in self.ask(how, frames))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peer:
    """Reads a clip as an array [frames, height, width, 3] of bytes, opened anew or kept open."""

    # decord works in threads of its own, which wait busily between clips and would count elsewhere.
    work_clock = staticmethod(time.thread_time)

    def __init__(self, path):
        self.path = path
        self.kept = self.open()

    def time(self, how, frames):
        start, work = time.perf_counter(), self.work_clock()
        reader = self.open() if how == "fresh" else self.kept
        clip = self.read(reader, frames)
        if how == "fresh":
            self.shut(reader)
        del clip, reader
        return time.perf_counter() - start, self.work_clock() - work

    def shut(self, reader):
        pass


class PyAV(Peer):
    name = "PyAV"

    def __init__(self, path):
        self.times = []  # of all pictures, in order; found before anything is timed
        with av.open(path) as file:
            stream = choose_stream(file)
            self.times = sorted(f.pts for f in file.decode(stream))
        super().__init__(path)

    def open(self):
        file = av.open(self.path)
        stream = choose_stream(file)
        stream.codec_context.thread_count = 1
        return file

    def decode(self, file, frames):
        stream = choose_stream(file)
        wanted = [self.times[n] for n in frames]
        file.seek(wanted[0], stream=stream, backward=True)
        missing = set(wanted)
        found = {}
        for frame in file.decode(stream):
            if frame.pts in missing:
                found[frame.pts] = frame
                missing.discard(frame.pts)
                if not missing:
                    break
        return [found[t] for t in wanted]

    def read(self, file, frames):
        return numpy.stack([f.to_ndarray(format="rgb24") for f in self.decode(file, frames)])

    def planes(self, frames):
        """md5 of each picture's planes."""
        return [hashlib.md5(f.to_ndarray().tobytes()).hexdigest()
                for f in self.decode(self.kept, frames)]

    def shut(self, file):
        file.close()


class Decord(Peer):
    name = "decord"
    work_clock = staticmethod(time.process_time)

    def open(self):
        return decord.VideoReader(self.path, num_threads=1)

    def read(self, reader, frames):
        return reader.get_batch(frames).asnumpy()


class Torchcodec(Peer):
    name = "torchcodec"

    def open(self):
        return VideoDecoder(self.path, num_ffmpeg_threads=1, dimension_order="NHWC")

    def read(self, reader, frames):
        return reader.get_frames_at(frames).data.numpy()


def choose_stream(file):
    return max(file.streams.video, key=lambda s: s.width * s.height)


def make_noisy_video(path, seconds=40):
    """640x360, 25 frames a second, a key frame every 250, three B pictures: drifting colours under noise."""
    noise = numpy.random.default_rng(1)
    with av.open(str(path) + ".part.mp4", "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "medium", "crf": "23",
                          "x264-params": "keyint=250:min-keyint=250:scenecut=0:bframes=3:b-adapt=0"}
        y, x = numpy.mgrid[0:360, 0:640]
        for n in range(25 * seconds):
            base = numpy.stack([128 + 90 * numpy.sin((x + 3 * n) / 70), 128 + 90 * numpy.cos((y - 2 * n) / 50),
                                128 + 90 * numpy.sin((x + y + 5 * n) / 90)], axis=2)
            picture = numpy.clip(base + noise.normal(0, 12, base.shape), 0, 255).astype(numpy.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
    os.replace(str(path) + ".part.mp4", path)


def choose_clip(dice, count):
    span = (CLIP_FRAMES - 1) * STRIDE + 1
    start = dice.randrange(max(count - span, 0) + 1)
    return [min(start + k * STRIDE, count - 1) for k in range(CLIP_FRAMES)]


def compare(ours, slow, peers, dice):
    """Correctness first: planes equal to PyAV's and to decoding everything, RGB near the peers'."""
    worst = {p.name: 0 for p in peers}
    for _ in range(COMPARED_CLIPS):
        frames = choose_clip(dice, ours.count)
        sums = ours.ask("sums", frames)
        if sums != slow.ask("sums", frames):
            sys.exit(f"decode: frames {frames} differ from a decode without skipping")
        if sums != peers[0].planes(frames):
            sys.exit(f"decode: frames {frames} differ from PyAV's")
        clip = ours.read(frames).astype(numpy.int16)
        for peer in peers:
            difference = numpy.abs(clip - peer.read(peer.kept, frames))
            if difference.mean() > 2:
                sys.exit(f"decode: frames {frames} look different in {peer.name}")
            worst[peer.name] = max(worst[peer.name], int(difference.max()))
    return worst


def measure(sides, how, clips, repeats):
    """Seconds and processor seconds a clip, [name][repeat], all sides in turn on the same clips."""
    seconds = {s.name: [] for s in sides}
    work = {s.name: [] for s in sides}
    for repeat in range(-1, repeats):  # the first is warm-up
        total = {s.name: numpy.zeros(2) for s in sides}
        for clip in clips:
            for side in sides:
                total[side.name] += side.time(how, clip)
        if repeat >= 0:
            for side in sides:
                seconds[side.name].append(total[side.name][0] / len(clips))
                work[side.name].append(total[side.name][1] / len(clips))
    return seconds, work


def describe(values):
    return f"{statistics.median(values) * 1e3:.1f} [{min(values) * 1e3:.1f}..{max(values) * 1e3:.1f}]"


def run_file(arguments, label, path, rows):
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(arguments.program, path, folder)
        slow = Ours(arguments.program, path, folder, slow=True)
        peers = [PyAV(path), Decord(path), Torchcodec(path)]
        dice = random.Random(7)
        worst = compare(ours, slow, peers, dice)
        slow.close()
        clips = [choose_clip(dice, ours.count) for _ in range(arguments.clips)]
        for how in ("fresh", "kept"):
            seconds, work = measure([ours] + peers, how, clips, arguments.repeats)
            for peer in peers:
                ratios = [statistics.median(t[peer.name]) / statistics.median(t[ours.name])
                          for t in (seconds, work)]
                rows.append({"row": f"decode/{label}/{how}", "peer": peer.name,
                             "ours": seconds[ours.name], "theirs": seconds[peer.name],
                             "ours_processor": work[ours.name], "theirs_processor": work[peer.name],
                             "ratio": ratios[0], "ratio_processor": ratios[1],
                             "planes": "equal to PyAV", "rgb_difference": worst[peer.name]})
                print(f"{'decode/' + label + '/' + how:36} {describe(seconds[ours.name]):>24} "
                      f"{describe(seconds[peer.name]):>24}  {peer.name:10} {ratios[0]:5.2f} "
                      f"{ratios[1]:9.2f}  bitwise, RGB within {worst[peer.name]}", flush=True)
        ours.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/sslact_bench_decode")
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
    noisy = Path(arguments.folder) / "noisy_640x360_gop250.mp4"
    if not noisy.exists() and not arguments.videos_only:
        make_noisy_video(noisy)
    load = os.getloadavg()[0]
    print(f"sslact decode bench   load {load:.2f}{' (noisy)' if load > 0.3 else ''}   PyAV {av.__version__}  "
          f"decord {decord.__version__}  torchcodec   1 thread each   {arguments.clips} clips of "
          f"{CLIP_FRAMES} frames, {arguments.repeats} repeats, ms a clip, median [min..max]\n"
          f"{'row':36} {'ours':>24} {'peer':>24}  {'peer is':10} ratio processor  correct")
    rows = []
    if not arguments.videos_only:
        run_file(arguments, "noisy-gop250-640x360", str(noisy), rows)
    for video in arguments.videos:
        run_file(arguments, Path(video).stem, str(Path(arguments.start) / video), rows)
    if arguments.json:
        (Path(arguments.start) / arguments.json).write_text(json.dumps({"load": load, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
