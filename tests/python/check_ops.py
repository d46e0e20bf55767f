"""Checks the ops of libsslact.so the way a PyTorch user meets them: load_library, opcheck, gradcheck,
and the stored method cases composed from torch.ops alone.

    PYTHONPATH=build/deps python3.11 tests/python/check_ops.py build/libsslact.so

Exit status 77 and a reason where this Python cannot import torch.
"""

import glob
import json
import os
import sys
import unittest

try:
    import torch
except Exception as error:  # whatever keeps torch from loading
    print(f"skipped: Python {sys.version.split()[0]} cannot import torch ({error}); "
          "tools/setup --python makes it importable for Python 3.11")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "..", "ssl", "data")
MODES = ("hard", "soft", "fixed")
SCOPES = ("all", "positives", "per_class")


def draw(seed, *shape, scale=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(*shape, generator=generator, dtype=torch.float64)).to(dtype)


def draw_share(seed, *shape, low=0.0, high=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    uniform = torch.rand(*shape, generator=generator, dtype=torch.float64)
    return (low + (high - low) * uniform).to(dtype)


def loss_arguments(dtype=torch.float64, n=6, c=5, mode="hard", scope="all"):
    """Inputs of the unsupervised loss, every teacher probability at least 0.02 from a threshold."""
    positive = draw_share(3, c, low=0.55, high=0.85)
    negative = draw_share(4, c, low=0.1, high=0.3)
    # A third each above T, between the thresholds and below Tn.
    place = torch.arange(n * c).reshape(n, c) % 3
    middle = (positive + negative) / 2
    t = torch.where(place == 0, positive + 0.08, torch.where(place == 1, middle, negative - 0.05))
    weight = draw_share(5, c, low=0.5, high=1.5)
    mask = (torch.arange(n) % 4 != 3).to(torch.uint8)
    tensors = [torch.logit(t), draw(2, n, c, scale=2.0), positive, negative, weight]
    return [x.to(dtype) for x in tensors] + [mask, 20.0, mode, scope]


def label_arguments(dtype=torch.float64, mode="hard"):
    teacher, _, positive, negative, *_ = loss_arguments(dtype)
    labels = torch.ops.sslact.pseudo_labels(teacher, positive, negative)
    return [teacher, labels, positive, 20.0, mode]


def entropy_arguments(dtype=torch.float64, n=6, c=5):
    mask = (torch.arange(n) % 4 != 3).to(torch.uint8)
    return [draw(6, n, c, scale=2.0, dtype=dtype), draw_share(7, n, c, dtype=dtype),
            draw_share(8, n, c, dtype=dtype), draw_share(9, c, low=0.5, high=1.5, dtype=dtype), mask]


def roi_arguments(dtype=torch.float64):
    rois = torch.tensor([[0, 0.5, 0.25, 5.5, 4.75], [1, -1, 1, 3, 9], [1, 2, 2, 2, 2]], dtype=dtype)
    return [draw(10, 2, 3, 5, 7, dtype=dtype), rois, 0.9, 3, 2, 2, True]


def make_samples(dtype):
    """Every op of the name space with the argument lists it is tried on."""
    labels = label_arguments(dtype)[1]
    count = torch.tensor([9, 3, 1, 3, 0])
    classes = torch.tensor([0, 4, -1, 2, 2, 1], dtype=torch.int32)
    probability = draw_share(11, 5)
    grad = draw(12, *labels.shape, dtype=dtype)
    roi = roi_arguments(dtype)
    return {
        "pseudo_labels": [loss_arguments(dtype)[0:1] + loss_arguments(dtype)[2:4]],
        "label_weights": [label_arguments(dtype, mode) for mode in MODES],
        "_label_weights_backward": [[grad] + label_arguments(dtype, mode) for mode in MODES],
        "rarest_class": [[labels, count], [(labels == 1).to(torch.uint8), count]],
        "sample_mask": [[classes, probability, 1, 2, 0], [classes, probability, 1, 2, 1, 7]],
        "balanced_bce": [entropy_arguments(dtype), entropy_arguments(dtype, n=0)],
        "_balanced_bce_backward": [[torch.tensor(0.7, dtype=dtype)] + entropy_arguments(dtype)],
        "unsupervised_loss": [loss_arguments(dtype, mode=mode, scope=scope)
                              for mode in MODES for scope in SCOPES] + [loss_arguments(dtype, n=0)],
        "_unsupervised_loss_fused": [loss_arguments(dtype, mode=mode) for mode in MODES],
        "roi_align": [roi],
        "_roi_align_backward": [[draw(13, 3, 3, 3, 2, dtype=dtype), roi[1], 0.9, 3, 2, 2, 3, 5, 7,
                                 2, True]],
    }


DIFFERENTIABLE = {  # op: the arguments that have a gradient
    "label_weights": (2,),
    "balanced_bce": (0, 1),
    "unsupervised_loss": (1, 2),
    "roi_align": (0,),
}


def with_gradients(name, arguments):
    wanted = DIFFERENTIABLE.get(name, ())
    return [x.detach().clone().requires_grad_() if k in wanted else x
            for k, x in enumerate(arguments)]


def op_of(name):
    return getattr(torch.ops.sslact, name)


class Ops(unittest.TestCase):
    def test_samples_cover_every_op(self):
        names = {name.split("::")[1].split(".")[0] for name in torch._C._dispatch_get_all_op_names()
                 if name.startswith("sslact::")}
        self.assertEqual(names, set(make_samples(torch.float64)))

    def test_opcheck(self):
        for dtype in (torch.float64, torch.float32):
            for name, samples in make_samples(dtype).items():
                for arguments in samples:
                    with self.subTest(op=name, dtype=dtype):
                        torch.library.opcheck(op_of(name).default, with_gradients(name, arguments))

    def test_gradcheck(self):
        for name in DIFFERENTIABLE:
            for arguments in make_samples(torch.float64)[name]:
                if arguments[0].numel() == 0:
                    continue
                with self.subTest(op=name):
                    self.assertTrue(torch.autograd.gradcheck(op_of(name),
                                                             with_gradients(name, arguments)))

    def test_the_others_say_that_they_have_no_gradient(self):
        for name in ("_label_weights_backward", "_balanced_bce_backward",
                     "_unsupervised_loss_fused", "_roi_align_backward"):
            arguments = make_samples(torch.float64)[name][0]
            out = op_of(name)(arguments[0].clone().requires_grad_(), *arguments[1:])
            first = out[0] if isinstance(out, (tuple, list)) else out
            with self.subTest(op=name), self.assertRaises(RuntimeError):
                first.sum().backward()

    def test_fake_tensors_have_the_shapes_and_types_of_the_results(self):
        from torch._subclasses.fake_tensor import FakeTensorMode
        for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
            for name, samples in make_samples(dtype).items():
                for arguments in samples:
                    real = op_of(name)(*arguments)
                    with FakeTensorMode() as mode:
                        fake = op_of(name)(*[mode.from_tensor(x) if isinstance(x, torch.Tensor)
                                             else x for x in arguments])
                    pairs = zip(real, fake) if isinstance(real, tuple) else [(real, fake)]
                    for a, b in pairs:
                        with self.subTest(op=name, dtype=dtype):
                            self.assertEqual((a.shape, a.dtype, a.stride()),
                                             (b.shape, b.dtype, b.stride()))

    def test_bad_values_give_one_line(self):
        arguments = loss_arguments()
        arguments[2][3] = 1.2
        with self.assertRaisesRegex(RuntimeError,
                                    r"^positive\[3\]: 1\.2, expected a number in \[0, 1\]$"):
            torch.ops.sslact.unsupervised_loss(*arguments)

    def test_half_precision_trains_with_a_scaled_loss(self):
        for dtype in (torch.bfloat16, torch.float16):
            half = with_gradients("unsupervised_loss", loss_arguments(dtype))
            wide = [x.double() if isinstance(x, torch.Tensor) and x.is_floating_point() else x
                    for x in half]
            wide = with_gradients("unsupervised_loss", wide)
            loss, _ = torch.ops.sslact.unsupervised_loss(*half)
            expected, _ = torch.ops.sslact.unsupervised_loss(*wide)
            (loss * 256).backward()
            (expected * 256).backward()
            self.assertEqual((loss.dtype, half[1].grad.dtype), (torch.float32, dtype))
            self.assertAlmostEqual(loss.item(), expected.item(), delta=1e-6)
            torch.testing.assert_close(half[1].grad.double(), wide[1].grad, rtol=1e-2, atol=1e-2)


class Documentation(unittest.TestCase):
    def test_example_runs(self):
        with open(os.path.join(HERE, "..", "..", "docs", "ops.md"), encoding="utf-8") as file:
            example = file.read().split("```python\n")[1].split("```")[0]
        names = {}
        exec(example.replace("build/libsslact.so", LIBRARY), names)
        self.assertTrue(torch.isfinite(names["loss"]))
        for leaf in ("labeled", "student", "positive"):
            self.assertGreater(names[leaf].grad.abs().sum().item(), 0.0)


DEFAULTS = {"mpl_mode": "learnable", "mpl_label": "hard", "mpl_a": 20.0, "mpl_lambda1": 1.0,
            "mpl_reg_scope": "all", "ucb": "both", "ucb_no_positive": "keep", "loss_lambda": 0.3,
            "loss_normalise": "all"}


class Case:
    """One method case, evaluated with torch.ops.sslact only."""

    def __init__(self, path, dtype):
        with open(path, encoding="utf-8") as file:
            self.data = json.load(file)
        self.dtype = dtype
        self.options = {**DEFAULTS, **self.data["options"]}
        self.out = self.data["outputs"]
        self.classes = self.data["inputs"]["C"]

    def floats(self, values):
        return torch.tensor(values, dtype=torch.float64).to(self.dtype)

    def matrix(self, name):
        return self.floats(self.data["inputs"][name]).reshape(-1, self.classes)

    def balance(self, half, mask_name, rows):
        """Class weights and mask of one half: ones where it is not balanced."""
        if self.options["ucb"] in ("both", half):
            mask = torch.tensor(self.data["inputs"][mask_name], dtype=torch.uint8)
            return self.floats(self.out["w_g"]), mask
        return torch.ones(self.classes, dtype=self.dtype), torch.ones(rows, dtype=torch.uint8)

    def divisor(self, mask):
        """What turns the mean over all rows into the normalisation asked for."""
        if self.options["loss_normalise"] == "all":
            return 1.0
        kept = int(mask.sum())
        return mask.numel() / kept if kept > 0 else 0.0

    def run(self):
        ops = torch.ops.sslact
        learnable = self.options["mpl_mode"] == "learnable"
        mode = self.options["mpl_label"] if learnable else "fixed"
        teacher = self.matrix("teacher_logits")
        student = self.matrix("student_logits_u").requires_grad_()
        labeled = self.matrix("student_logits_l").requires_grad_()
        truth = self.matrix("y_l")
        positive = self.floats(self.out["T_pos"]).requires_grad_(learnable)
        negative = self.floats(self.out["T_neg"])
        count = torch.tensor(self.out["n"], dtype=torch.int64)
        seen = {"label_u": ops.pseudo_labels(teacher, positive, negative)}
        seen["k_u"] = ops.rarest_class(seen["label_u"], count)
        seen["k_l"] = ops.rarest_class(truth.to(torch.uint8), count)
        seen["pos_coef"], seen["neg_coef"] = ops.label_weights(
            teacher, seen["label_u"], positive, self.options["mpl_a"], mode)

        weight, mask = self.balance("unlabeled", "mask_u", teacher.shape[0])
        pseudo, penalty = ops.unsupervised_loss(
            teacher, student, positive, negative, weight, mask, self.options["mpl_a"], mode,
            self.options["mpl_reg_scope"])
        scale = self.divisor(mask)
        pseudo = pseudo * scale
        if self.options["mpl_reg_scope"] != "per_class":
            penalty = penalty * scale
        seen["L_cls_u"] = pseudo
        seen["L_reg_u"] = penalty if learnable else torch.zeros_like(penalty)
        seen["L_u"] = seen["L_cls_u"] + self.options["mpl_lambda1"] * seen["L_reg_u"]

        weight, mask = self.balance("labeled", "mask_l", labeled.shape[0])
        seen["L_s"] = self.divisor(mask) * ops.balanced_bce(labeled, truth, 1 - truth, weight, mask)
        seen["L_total"] = seen["L_s"] + self.options["loss_lambda"] * seen["L_u"]
        seen["L_total"].backward()
        seen["dL_dz_u"], seen["dL_dz_l"] = student.grad, labeled.grad
        seen["dL_dT"] = positive.grad if learnable else torch.zeros_like(positive)
        return seen


class MethodCases(unittest.TestCase):
    def compare(self, name, actual, expected, dtype):
        expected = torch.tensor(expected, dtype=torch.float64).reshape(actual.shape)
        if actual.numel() == 0:
            return
        if not actual.is_floating_point():
            self.assertTrue(torch.equal(actual.double(), expected), name)
            return
        tolerance = 1e-10 if dtype == torch.float64 else 1e-5
        difference = (actual.detach().double() - expected).abs().max().item()
        self.assertLessEqual(difference, tolerance * expected.abs().max().item(), name)

    def test_every_stored_case(self):
        paths = sorted(glob.glob(os.path.join(CASES, "*.json")))
        self.assertGreaterEqual(len(paths), 4)
        for path in paths:
            for dtype in (torch.float64, torch.float32):
                case = Case(path, dtype)
                if case.data["schema"] != "sslact.method_case/1":
                    continue
                with self.subTest(case=case.data["name"], dtype=dtype):
                    for name, actual in case.run().items():
                        self.compare(name, actual, case.out[name], dtype)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: check_ops.py LIBSSLACT [unittest options]")
    LIBRARY = os.path.abspath(sys.argv.pop(1))
    torch.ops.load_library(LIBRARY)
    torch.set_num_threads(1)
    unittest.main()
