"""Checkpoints of the other code bases through the C API: the scores must be the original networks'.

    PYTHONPATH=build/deps python3.11 tests/python/check_models.py build/libsslact.so

The original networks are those of original_networks.py, which are first held against numbers that the
original programs computed (PySlowFast and ACAR-Net, float64, deterministic weights).
Exit status 77 and a reason where this Python cannot import torch.
"""

import concurrent.futures
import ctypes
import os
import pickle
import sys
import tempfile
import unittest

try:
    import torch
except Exception as error:  # whatever keeps torch from loading
    print(f"skipped: Python {sys.version.split()[0]} cannot import torch ({error}); "
          "tools/setup --python makes it importable for Python 3.11")
    sys.exit(77)

import original_networks as original  # noqa: E402

FORMAT, MISMATCH = -6, -9
SIXTEENTHS = {"model.class_count": "80", "model.head_bias": "true",
              "model.roi_coords": "pixels_over_16"}


# ---- the C API ----

class Box(ctypes.Structure):
    _fields_ = [(name, ctypes.c_float) for name in ("x1", "y1", "x2", "y2")]


class Clip(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("pixels", ctypes.c_void_p),
                ("frame_count", ctypes.c_int32), ("height", ctypes.c_int32),
                ("width", ctypes.c_int32), ("row_stride", ctypes.c_int64),
                ("frame_stride", ctypes.c_int64), ("boxes", ctypes.POINTER(Box)),
                ("box_count", ctypes.c_int32), ("box_scores", ctypes.c_void_p),
                ("labels", ctypes.c_void_p), ("name", ctypes.c_char_p)]


class Failure(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.sslact_error_get_message.restype = ctypes.c_char_p

    def call(self, name, *arguments):
        status = getattr(self.c, name)(*arguments)
        if status < 0:
            raise Failure(status, self.c.sslact_error_get_message().decode())
        return status

    def make_config(self, settings):
        config = ctypes.c_void_p()
        self.call("sslact_config_create", ctypes.byref(config))
        try:
            for key, value in settings.items():
                self.call("sslact_config_set", config, key.encode(), value.encode())
        except Failure:
            self.c.sslact_config_free(config)
            raise
        return config


class Model:
    """A model of the C API; settings are config keys."""

    def __init__(self, library, settings):
        self.library, self.handle = library, ctypes.c_void_p()
        config = library.make_config({"run.threads": "1", "data.short_side": "0", **settings})
        try:
            library.call("sslact_model_create", config, ctypes.byref(self.handle))
        finally:
            library.c.sslact_config_free(config)

    def __del__(self):
        self.library.c.sslact_model_free(self.handle)

    def load(self, path):
        self.library.call("sslact_model_load", self.handle, path.encode())

    def save(self, path):
        self.library.call("sslact_model_save", self.handle, path.encode())

    def predict(self, clips):
        """clips: pairs of frames [T, H, W, 3] in bytes and relative boxes [K, 4]; scores, one row a box."""
        views, kept = [], []
        for frames, boxes in clips:
            rows = (Box * len(boxes))(*[Box(*row) for row in boxes.tolist()])
            kept.append((frames.contiguous(), rows))
            view = Clip(struct_size=ctypes.sizeof(Clip), pixels=kept[-1][0].data_ptr(),
                        frame_count=frames.shape[0], height=frames.shape[1], width=frames.shape[2],
                        boxes=rows, box_count=len(boxes))
            views.append(ctypes.pointer(view))
        pointers = (ctypes.POINTER(Clip) * len(views))(*views)
        needed = ctypes.c_size_t()
        arguments = [self.handle, pointers, ctypes.c_size_t(len(views)), None]
        self.library.call("sslact_model_predict", *arguments, None, ctypes.c_size_t(0),
                          ctypes.byref(needed))
        scores = torch.empty(needed.value)
        self.library.call("sslact_model_predict", *arguments, ctypes.c_void_p(scores.data_ptr()),
                          needed, ctypes.byref(needed))
        return scores.view(sum(len(boxes) for _, boxes in clips), -1)


# ---- clips ----

def make_clip(seed, height, width, people):
    """Smooth moving colours, so that no two frames are equal, and boxes of all sizes."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 8, 5, 6, generator=generator)
    frames = torch.nn.functional.interpolate(coarse, (32, height, width), mode="trilinear")
    frames = (frames[0].permute(1, 2, 3, 0) * 255).round().to(torch.uint8)
    corners = torch.rand(people, 4, generator=generator)
    low = corners[:, :2] * 0.6
    return frames, torch.cat([low, low + 0.1 + corners[:, 2:] * (0.9 - low)], 1).clamp(max=1.0)


CLIPS = [make_clip(1, 64, 96, 3), make_clip(2, 64, 96, 1)]
OTHER_SIZE = make_clip(3, 80, 64, 2)


def compute_logits(network, clips):
    """The original network on each clip alone, float64."""
    rows = []
    with torch.no_grad():
        for frames, boxes in clips:
            x = (frames.double().permute(3, 0, 1, 2).unsqueeze(0) / 255 - 0.45) / 0.225
            rois = torch.cat([torch.zeros(len(boxes), 1), boxes], 1).double()
            rows.append(network(x, rois))
    return torch.cat(rows)


def activate_poses(logits):
    poses = logits[:, :original.POSES].softmax(1)
    return torch.cat([poses, logits[:, original.POSES:].sigmoid()], 1)


# ---- checkpoints ----

def add_training_state(names):
    """What PySlowFast's trainer saves around the weights."""
    return {"epoch": 19, "model_state": names, "cfg": "MODEL:\n  NUM_CLASSES: 80\n",
            "optimizer_state": {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [
                {"lr": 0.1, "params": [0]}]}}


def write_caffe2(network, path):
    blobs = {}
    for name, array in original.list_canonical(network).items():
        blob = original.to_caffe2(name)
        if blob is not None:
            blobs[blob] = array.numpy()
    blobs["lr"] = torch.tensor([0.01]).numpy()
    blobs["conv1_w_momentum"] = blobs["conv1_w"] * 0
    with open(path, "wb") as file:
        pickle.dump({"blobs": blobs, "cfg": "x"}, file, protocol=2)


def name_as_acar(network, prefix="module."):
    names = {}
    for name, array in original.list_canonical(network).items():
        if name.startswith("head."):
            names[f"{prefix}head.module.{name[5:]}"] = array
        else:
            names[f"{prefix}backbone.module.{original.to_acar(name)}"] = array
    return names


def name_as_mmaction2(network):
    names = {}
    for name, array in original.list_canonical(network).items():
        if name.startswith("head."):
            array = torch.cat([torch.full_like(array[:1], 7.0), array])  # the row of the background
        names[original.to_mmaction2(name)] = array
    return names


# ---- the tests ----

def make_golden_input():
    x = original.draw(1000003, 3 * 32 * 64 * 96).view(1, 3, 32, 64, 96)
    pixels = torch.tensor([[0, 5.5, 3.25, 40, 60], [0, 50, 10, 95, 63], [0, -4, -4, 12, 20]]).double()
    rois = pixels / torch.tensor([1, 96, 64, 96, 64]).double()
    relative = torch.tensor([[0, .05, .05, .45, .95], [0, .5, .15, .99, 1], [0, 0, 0, .15, .3]]).double()
    return x, rois, relative


class Originals(unittest.TestCase):
    """original_networks.py against the numbers of the original programs."""

    def check(self, array, numbers):
        for actual, expected in zip(array.flatten().tolist(), numbers):
            self.assertAlmostEqual(actual, expected, delta=1e-6 * max(1.0, abs(expected)))

    def test_filler(self):
        self.check(original.draw(0, 3), [-0.1078591775, -0.8260901016, -0.2835973646])
        self.check(original.draw(7, 2), [-0.8125850302, 0.8641085839])

    def test_pyslowfast(self):
        x, rois, _ = make_golden_input()
        for aligned, total, size, rows in (
                (True, 11.71730492, 40.86306235,
                 [[-0.2354168010, -0.03172767357, -0.3528588602, -0.07932162188],
                  [-0.2101686591, -0.04438759396, -0.3420826860, -0.09423017176],
                  [-0.2752028493, -0.06685214498, -0.2642363957, -0.1445490653]]),
                (False, 11.86898248, 40.80024091,
                 [[-0.2305372958, -0.03587098371, -0.3536135247, -0.07978729042],
                  [-0.2058077326, -0.05082354539, -0.3279403716, -0.09918375752],
                  [-0.2730545038, -0.05624379762, -0.2878865484, -0.1263546235]])):
            network = original.fill(original.Network(original.PySlowFastHead(80, aligned)))
            with torch.no_grad():
                logits = network(x, rois)
            self.check(logits.sum(), [total])
            self.check(logits.abs().sum(), [size])
            for actual, expected in zip(logits, rows):
                self.check(actual[:4], expected)

    def test_backbone(self):
        x, _, _ = make_golden_input()
        network = original.fill(original.Network(original.PySlowFastHead(80, True)))
        totals = {"s1": (1.162517021e5, 5.881276591e4), "s2": (1.606485177e5, 9.867583867e4),
                  "s3": (5.771369879e4, 3.190527365e4), "s4": (2.886300905e4, 1.587728937e4),
                  "s5": (4.000838346e4, 2.335641466e4)}
        with torch.no_grad():
            for name, slow, fast in network.list_stages(x):
                if name in totals:
                    self.check(torch.stack([slow.sum(), fast.sum()]), totals.pop(name))
        self.assertFalse(totals)

    def test_acar(self):
        x, _, relative = make_golden_input()
        linear = original.fill(original.Network(original.AcarLinearHead()))
        with torch.no_grad():
            logits = linear(x, relative)
        self.check(logits.sum(), [-1.030701027])
        self.check(logits[2, :4], [0.1776977361, -0.2306774936, -0.2943920175, -0.1601206142])
        network = original.fill(original.Network(original.AcarHead()))
        with torch.no_grad():
            logits = network(x, relative)
        self.check(logits.sum(), [-7.160955934])
        self.check(logits.abs().sum(), [58.06482918])
        self.check(logits[:, :4], [
            -0.1019168307, -0.8179760165, -0.06177486752, 0.2188561026, -0.09381404733, -0.8193266141,
            0.01268502746, 0.1836552727, -0.03728097865, -0.8787716784, -0.09326321162, 0.2630304517])


class Checkpoints(unittest.TestCase):
    """Every layout loads with one key and gives the original's scores."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def place(self, name):
        return os.path.join(self.folder.name, name)

    def expect_scores(self, path, settings, clips, expected):
        model = Model(LIBRARY, {**settings, "model.weights": path})
        scores = model.predict(clips)
        # The weights in the file are float32, the original's float64: 1e-5 of a score.
        self.assertLess((scores.double() - expected).abs().max().item(), 1e-5, os.path.basename(path))
        self.assertGreater(expected.std().item(), 1e-3)  # scores that tell boxes and classes apart
        os.remove(path)
        return model

    def test_pyslowfast(self):
        for aligned in (True, False):
            network = original.fill(original.Network(original.PySlowFastHead(80, aligned)))
            expected = compute_logits(network, CLIPS).sigmoid()
            settings = {**SIXTEENTHS, "model.roi_aligned": str(aligned).lower()}
            state = add_training_state(original.list_canonical(network))
            path = self.place("SLOWFAST_32x2_R50_SHORT.pyth")
            # torch zip once, the stream of torch before 1.6 once
            torch.save(state, path, _use_new_zipfile_serialization=aligned)
            self.expect_scores(path, settings, CLIPS, expected)

    def test_pyslowfast_caffe2(self):
        network = original.fill(original.Network(original.PySlowFastHead(80, False)))
        path = self.place("SLOWFAST_8x8_R50.pkl")
        write_caffe2(network, path)
        self.expect_scores(path, {**SIXTEENTHS, "model.roi_aligned": "false"}, CLIPS,
                           compute_logits(network, CLIPS).sigmoid())

    def test_pytorchvideo(self):
        network = original.fill(original.Network(original.PySlowFastHead(80, False)))
        path = self.place("SLOWFAST_8x8_R50_DETECTION.pyth")
        names = {original.to_pytorchvideo(name): array
                 for name, array in original.list_canonical(network).items()}
        torch.save({"model_state": names}, path)
        self.expect_scores(path, {**SIXTEENTHS, "model.roi_aligned": "false"}, CLIPS,
                           compute_logits(network, CLIPS).sigmoid())

    def test_acar_linear(self):
        network = original.fill(original.Network(original.AcarLinearHead()))
        path = self.place("checkpoint.pth.tar")
        torch.save({"epoch": 6, "state_dict": name_as_acar(network), "optimizer": {}}, path)
        self.expect_scores(path, {}, CLIPS, compute_logits(network, CLIPS).sigmoid())

    def test_acar(self):
        network = original.fill(original.Network(original.AcarHead()))
        expected = activate_poses(compute_logits(network, CLIPS))
        settings = {"model.preset": "acar_r50_8x8",
                    "model.output_activation": "pose_softmax_sigmoid"}
        path = self.place("SLOWFAST_R50_ACAR.pth.tar")
        torch.save(name_as_acar(network), path)
        model = self.expect_scores(path, settings, CLIPS, expected)
        other = activate_poses(compute_logits(network, [OTHER_SIZE]))
        self.assertLess((model.predict([OTHER_SIZE]).double() - other).abs().max().item(), 1e-5)

    def test_mmaction2(self):
        network = original.fill(original.Mmaction2Network(original.PySlowFastHead(80, True, 8)))
        path = self.place("slowfast_8x8.pth")
        torch.save({"state_dict": name_as_mmaction2(network), "meta": {"epoch": 8}}, path)
        with self.assertRaises(Failure) as refused:  # another topology
            Model(LIBRARY, {**SIXTEENTHS, "model.weights": path})
        self.assertEqual(refused.exception.status, MISMATCH)
        self.expect_scores(path, {"model.preset": "mmaction2_r50_8x8", "model.class_count": "80"},
                           CLIPS, compute_logits(network, CLIPS).sigmoid())

    def test_threads_give_the_same_bits(self):
        network = original.fill(original.Network(original.AcarHead()))
        path = self.place("shared.pth.tar")
        torch.save(name_as_acar(network), path)
        model = Model(LIBRARY, {"model.preset": "acar_r50_8x8", "model.weights": path})
        alone = [Model(LIBRARY, {"model.preset": "acar_r50_8x8", "model.weights": path}).predict([clip])
                 for clip in (*CLIPS, OTHER_SIZE)]
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            found = list(threads.map(model.predict, [[clip] for clip in (*CLIPS, OTHER_SIZE)] * 4))
        for i, scores in enumerate(found):
            self.assertTrue(torch.equal(scores, alone[i % 3]), i)

    def test_what_was_saved_gives_the_same_bits(self):
        model = Model(LIBRARY, {"model.preset": "acar_r50_8x8", "run.seed": "3"})
        path = self.place("own.safetensors")
        model.save(path)
        other = Model(LIBRARY, {"model.preset": "acar_r50_8x8", "run.seed": "4"})
        self.assertFalse(torch.equal(model.predict(CLIPS), other.predict(CLIPS)))
        other.load(path)
        self.assertTrue(torch.equal(model.predict(CLIPS), other.predict(CLIPS)))

    def test_damaged_files_end_in_one_line(self):
        network = original.fill(original.Network(original.AcarLinearHead()))
        path, part = self.place("whole.pth"), self.place("damaged.pth")
        torch.save(name_as_acar(network), path)
        model = Model(LIBRARY, {"model.weights": path})
        before = model.predict(CLIPS)
        with open(path, "rb") as file:
            whole = file.read()
        turned = bytearray(whole)
        turned[len(whole) // 3] ^= 4  # in the middle of some numbers: the zip's checksum says so
        for damaged in [whole[:len(whole) * n // 7] for n in range(7)] + [bytes(turned), b"junk" * 64]:
            with open(part, "wb") as file:
                file.write(damaged)
            with self.assertRaises(Failure) as failed:
                model.load(part)
            self.assertEqual(failed.exception.status, FORMAT)
            self.assertIn("damaged.pth", str(failed.exception))
            self.assertNotIn("\n", str(failed.exception))
        self.assertTrue(torch.equal(model.predict(CLIPS), before))

    def test_hostile_pickles_run_nothing(self):
        mark, path = self.place("mark"), self.place("hostile.pth")

        class Hostile:
            def __reduce__(self):
                return os.system, (f"touch {mark}",)

        model = Model(LIBRARY, {"model.preset": "slowfast_tiny"})
        for zipped in (True, False):
            if zipped:
                torch.save({"state_dict": {"s1.weight": Hostile()}}, path)
            else:
                with open(path, "wb") as file:
                    pickle.dump({"blobs": {"conv1_w": Hostile()}}, file, protocol=2)
            with self.assertRaises(Failure):
                model.load(path)
            self.assertFalse(os.path.exists(mark))


if __name__ == "__main__":
    torch.set_num_threads(1)
    LIBRARY = Library(os.path.abspath(sys.argv.pop(1)))
    unittest.main(verbosity=1)
