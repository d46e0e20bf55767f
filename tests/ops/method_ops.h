// The method's ops as entries of the checks of op_checks.h. Slow loops are on doubles, straight
// from method.md; composed formulas are torch's own functions.
#ifndef TESTS_OPS_METHOD_OPS_H
#define TESTS_OPS_METHOD_OPS_H

#include "ops/op_checks.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>

#include <tuple>

#include "ops/ops.h"

namespace test
{

using sslact::LabelMode;
using sslact::PenaltyScope;
using sslact::SampleHalf;

// ---- the method on doubles ----

inline double sigma(double x)
{
    return 1 / (1 + std::exp(-x));
}
inline double sp(double x)
{
    return std::log(1 + std::exp(x));
} // moderate logits only

// Reads any tensor as doubles, row-major.
class Values
{
public:
    explicit Values(const at::Tensor &x) : packed_(x.detach().to(at::kDouble).contiguous()) {}
    double operator()(int64_t at) const { return packed_.const_data_ptr<double>()[at]; }
    double operator()(int64_t i, int64_t j) const { return (*this)(i * packed_.size(1) + j); }

private:
    at::Tensor packed_;
};

inline double &element(at::Tensor &x, int64_t at)
{
    return x.mutable_data_ptr<double>()[at];
}

inline int slow_label(double t, double positive, double negative)
{
    return t > positive ? 1 : t < negative ? 0 : -1;
}

// A_ij of section 4.1.
inline bool is_weighed(LabelMode mode, double y)
{
    return mode == LabelMode::hard ? y == 1 : mode == LabelMode::soft && y != 0;
}

inline double slow_positive(LabelMode mode, double t, double y, double positive, double slope)
{
    if (is_weighed(mode, y)) {
        return sigma(slope * (t - positive));
    }
    return mode == LabelMode::fixed && y == 1 ? 1 : 0;
}

inline at::Tensor make_thresholds(uint64_t seed, int64_t c, double low, double high,
                                  at::ScalarType type)
{
    return draw_between(seed, {c}, low, high, type);
}

inline at::Tensor make_mask(int64_t n)
{
    return draw(90, {n}, 1.0, at::kDouble).gt(-0.7).to(at::kByte);
}

inline at::Tensor make_labels(int64_t n, int64_t c)
{
    const at::Tensor x = draw(91, {n, c}, 1.0, at::kDouble);
    return x.gt(0.5).to(at::kChar) - x.lt(-0.8).to(at::kChar);
}

// ---- inputs that spoil a call, shared by the ops ----

inline BadInput wrong_type(size_t which, at::ScalarType type, const std::string &text)
{
    return {text, [=](Tensors &in) { in[which] = in[which].to(type); }};
}

inline BadInput wrong_shape(size_t which, std::vector<int64_t> shape, const std::string &text)
{
    return {text, [=](Tensors &in) { in[which] = at::zeros(shape, in[which].options()); }};
}

// Puts one value into one input.
inline BadInput wrong_value(size_t which, int64_t place, double value, const std::string &text)
{
    return {text, [=](Tensors &in) { in[which].view({-1})[place].fill_(value); }};
}

// The fixed points of every op's floating arguments.
inline BadInput not_finite(size_t which, int64_t place, double value, const std::string &element)
{
    const std::string seen = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    return wrong_value(which, place, value, element + ": " + seen + ", expected a finite number");
}

// ---- the entries ----

struct PseudoLabelsOp {
    static constexpr const char *name = "sslact::pseudo_labels";
    static constexpr const char *schema =
        "sslact::pseudo_labels(Tensor teacher_logits, Tensor positive, Tensor negative) -> Tensor";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        return {draw(1, {n, c}, 3.0, type), make_thresholds(2, c, 0.4, 0.9, type),
                make_thresholds(3, c, 0.1, 0.6, type)}; // some overlap
    }
    static Tensors call(const Tensors &in)
    {
        return {sslact::ops::pseudo_labels(in[0], in[1], in[2])};
    }
    static Tensors reference(const Tensors &in)
    {
        const Values z(in[0]), positive(in[1]), negative(in[2]);
        at::Tensor out = at::zeros(in[0].sizes(), at::kDouble);
        for (int64_t at = 0; at < out.numel(); at++) {
            const int64_t j = at % in[0].size(1);
            element(out, at) = slow_label(sigma(z(at)), positive(j), negative(j));
        }
        return {out};
    }
    static std::vector<size_t> differentiable() { return {}; }
    static Tensors composed(const Tensors &) { return {}; }
    static std::vector<BadInput> bad_values()
    {
        return {not_finite(0, 6, NAN, "teacher_logits[1][2]"),
                not_finite(0, 11, -INFINITY, "teacher_logits[2][3]"),
                wrong_value(1, 3, 1.2, "positive[3]: 1.2, expected a number in [0, 1]"),
                wrong_value(1, 0, -1e-3, "positive[0]: -0.001, expected a number in [0, 1]"),
                wrong_value(1, 1, NAN, "positive[1]: nan, expected a number in [0, 1]"),
                wrong_value(2, 2, 1.001, "negative[2]: 1.001, expected a number in [0, 1]")};
    }
    static std::vector<BadInput> bad()
    {
        return {
            wrong_type(
                0, at::kLong,
                "teacher_logits: type int64, expected float16, bfloat16, float32 or float64"),
            wrong_type(1, at::kLong,
                       "positive: type int64, expected float16, bfloat16, float32 or float64"),
            wrong_type(2, at::kInt,
                       "negative: type int32, expected float16, bfloat16, float32 or float64"),
            wrong_shape(0, {3}, "teacher_logits: 1 dimensions, expected 2: [N, C]"),
            wrong_shape(0, {3, 0}, "teacher_logits: shape [3, 0], expected at least one class"),
            wrong_shape(1, {5}, "positive: shape [5], expected [4]"),
            wrong_shape(1, {1, 4}, "positive: shape [1, 4], expected [4]"),
            wrong_shape(2, {}, "negative: shape [], expected [4]"),
        };
    }
};

template <LabelMode mode> struct LabelWeightsOp {
    static constexpr double slope = 20.0;
    static constexpr const char *name = "sslact::label_weights";
    static constexpr const char *schema =
        "sslact::label_weights(Tensor teacher_logits, Tensor labels, Tensor positive, "
        "float slope, str mode) -> (Tensor, Tensor)";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        return {draw(1, {n, c}, 1.0, type), make_labels(n, c),
                make_thresholds(2, c, 0.4, 0.9, type)};
    }
    static Tensors call(const Tensors &in)
    {
        const auto [pc, nc] = sslact::ops::label_weights(in[0], in[1], in[2], slope, mode);
        return {pc, nc};
    }
    static Tensors reference(const Tensors &in)
    {
        const Values z(in[0]), y(in[1]), positive(in[2]);
        at::Tensor pc = at::zeros(in[0].sizes(), at::kDouble), nc = at::zeros_like(pc);
        for (int64_t at = 0; at < pc.numel(); at++) {
            element(pc, at) =
                slow_positive(mode, sigma(z(at)), y(at), positive(at % in[0].size(1)), slope);
            element(nc, at) = y(at) == 0 ? 1 : 0;
        }
        return {pc, nc};
    }
    static std::vector<size_t> differentiable() { return {2}; }
    static Tensors composed(const Tensors &in)
    {
        const at::Tensor wp = at::sigmoid(slope * (at::sigmoid(in[0]) - in[2]));
        const at::Tensor &y = in[1];
        const at::Tensor pc = mode == LabelMode::hard   ? wp * y.eq(1)
                              : mode == LabelMode::soft ? wp * y.ne(0)
                                                        : 0 * wp + y.eq(1);
        return {pc, y.eq(0).to(at::kDouble)};
    }
    static std::vector<BadInput> bad_values()
    {
        return {not_finite(0, 4, INFINITY, "teacher_logits[1][0]"),
                wrong_value(1, 9, 2, "labels[2][1]: 2, expected -1, 0 or 1"),
                wrong_value(1, 0, -2, "labels[0][0]: -2, expected -1, 0 or 1"),
                wrong_value(2, 3, 7, "positive[3]: 7, expected a number in [0, 1]")};
    }
    static std::vector<BadInput> bad()
    {
        return {
            wrong_type(0, at::kBool,
                       "teacher_logits: type bool, expected float16, bfloat16, float32 or float64"),
            wrong_type(1, at::kByte, "labels: type uint8, expected int8"),
            wrong_shape(1, {3, 5}, "labels: shape [3, 5], expected [3, 4]"),
            wrong_shape(2, {3}, "positive: shape [3], expected [4]"),
            wrong_shape(0, {3, 4, 1}, "teacher_logits: 3 dimensions, expected 2: [N, C]"),
        };
    }
};

template <LabelMode mode> struct LabelWeightsBackwardOp {
    static constexpr double slope = 20.0;
    static constexpr const char *name = "sslact::_label_weights_backward";
    static constexpr const char *schema =
        "sslact::_label_weights_backward(Tensor grad, Tensor teacher_logits, Tensor labels, "
        "Tensor positive, float slope, str mode) -> Tensor";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        Tensors in = LabelWeightsOp<mode>::inputs(n, c, type);
        in.insert(in.begin(), draw(4, {n, c}, 1.0, type));
        return in;
    }
    static Tensors call(const Tensors &in)
    {
        return {sslact::ops::label_weights_backward(in[0], in[1], in[2], in[3], slope, mode)};
    }
    static Tensors reference(const Tensors &in)
    {
        const Values grad(in[0]), z(in[1]), y(in[2]), positive(in[3]);
        const int64_t c = in[1].size(1);
        at::Tensor out = at::zeros({c}, at::kDouble);
        for (int64_t at = 0; at < in[1].numel(); at++) {
            const double wp = sigma(slope * (sigma(z(at)) - positive(at % c)));
            element(out, at % c) -= is_weighed(mode, y(at)) ? grad(at) * slope * wp * (1 - wp) : 0;
        }
        return {out};
    }
    static std::vector<size_t> differentiable() { return {}; }
    static Tensors composed(const Tensors &) { return {}; }
    static std::vector<BadInput> bad_values()
    {
        return {not_finite(1, 4, INFINITY, "teacher_logits[1][0]"),
                wrong_value(2, 9, 3, "labels[2][1]: 3, expected -1, 0 or 1"),
                wrong_value(3, 2, -7, "positive[2]: -7, expected a number in [0, 1]")};
    }
    static std::vector<BadInput> bad()
    {
        return {wrong_shape(0, {4, 3}, "grad: shape [4, 3], expected [3, 4]"),
                wrong_type(0, at::kInt,
                           "grad: type int32, expected float16, bfloat16, float32 or float64"),
                wrong_type(2, at::kInt, "labels: type int32, expected int8")};
    }
};

template <at::ScalarType label_type> struct RarestClassOp {
    static constexpr const char *name = "sslact::rarest_class";
    static constexpr const char *schema =
        "sslact::rarest_class(Tensor labels, Tensor count) -> Tensor";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType)
    {
        at::Tensor labels = make_labels(n, c);
        if (label_type == at::kByte) {
            labels = labels.eq(1);
        }
        // Few different counts, so that ties occur.
        return {labels.to(label_type), draw(5, {c}, 3.0, at::kDouble).abs().to(at::kLong)};
    }
    static Tensors call(const Tensors &in) { return {sslact::ops::rarest_class(in[0], in[1])}; }
    static Tensors reference(const Tensors &in)
    {
        const Values labels(in[0]), count(in[1]);
        at::Tensor out = at::zeros({in[0].size(0)}, at::kDouble);
        for (int64_t i = 0; i < out.numel(); i++) {
            element(out, i) = -1;
            for (int64_t j = in[0].size(1) - 1; j >= 0; j--) {
                const auto best = static_cast<int64_t>(element(out, i));
                if (labels(i, j) == 1 && (best < 0 || count(j) <= count(best))) {
                    element(out, i) = static_cast<double>(j);
                }
            }
        }
        return {out};
    }
    static std::vector<size_t> differentiable() { return {}; }
    static Tensors composed(const Tensors &) { return {}; }
    static std::vector<BadInput> bad_values()
    {
        return {wrong_value(0, 5, 2,
                            std::string("labels[1][1]: 2, expected ") +
                                (label_type == at::kChar ? "-1, 0 or 1" : "0 or 1")),
                wrong_value(1, 2, -5, "count[2]: -5, expected 0 or more")};
    }
    static std::vector<BadInput> bad()
    {
        return {wrong_type(0, at::kFloat, "labels: type float32, expected int8 or uint8"),
                wrong_type(1, at::kInt, "count: type int32, expected int64"),
                wrong_shape(0, {4}, "labels: 1 dimensions, expected 2: [N, C]"),
                wrong_shape(1, {3}, "count: shape [3], expected [4]")};
    }
};

struct SampleMaskOp {
    static constexpr const char *name = "sslact::sample_mask";
    static constexpr const char *schema =
        "sslact::sample_mask(Tensor classes, Tensor probability, int seed, int iteration, "
        "int half, int first_row=0) -> Tensor";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType)
    {
        const at::Tensor classes =
            draw_between(6, {n}, -1.0, static_cast<double>(c), at::kDouble).floor();
        return {classes.to(at::kInt), draw_between(7, {c}, 0.0, 1.0, at::kDouble)};
    }
    static Tensors call(const Tensors &in)
    {
        return {sslact::ops::sample_mask(in[0], in[1], 12, 34, SampleHalf::unlabeled, 5)};
    }
    static Tensors reference(const Tensors &in)
    {
        const Values classes(in[0]), probability(in[1]);
        at::Tensor out = at::zeros(in[0].sizes(), at::kDouble);
        for (int64_t i = 0; i < out.numel(); i++) {
            const random_stream stream =
                random_open(12, RANDOM_MASK_UNLABELED, 34, static_cast<uint64_t>(5 + i));
            const double p = classes(i) < 0 ? 1.0 : probability(static_cast<int64_t>(classes(i)));
            element(out, i) = random_at(&stream, 0) < p ? 1 : 0;
        }
        return {out};
    }
    static std::vector<size_t> differentiable() { return {}; }
    static Tensors composed(const Tensors &) { return {}; }
    static std::vector<BadInput> bad_values()
    {
        return {wrong_value(0, 1, 4, "classes[1]: 4, expected -1 to 3"),
                wrong_value(0, 2, -2, "classes[2]: -2, expected -1 to 3"),
                wrong_value(1, 0, 1.5, "probability[0]: 1.5, expected a number in [0, 1]"),
                wrong_value(1, 3, NAN, "probability[3]: nan, expected a number in [0, 1]")};
    }
    static std::vector<BadInput> bad()
    {
        return {wrong_type(0, at::kLong, "classes: type int64, expected int32"),
                wrong_type(1, at::kFloat, "probability: type float32, expected float64"),
                wrong_shape(0, {3, 1}, "classes: 2 dimensions, expected 1: [N]"),
                wrong_shape(1, {}, "probability: 0 dimensions, expected 1: [C]")};
    }
};

struct BalancedBceOp {
    static constexpr const char *name = "sslact::balanced_bce";
    static constexpr const char *schema =
        "sslact::balanced_bce(Tensor logits, Tensor positive_weight, Tensor negative_weight, "
        "Tensor class_weight, Tensor mask) -> Tensor";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        return {draw(1, {n, c}, 2.0, type), draw_between(2, {n, c}, 0.0, 1.0, type),
                draw_between(3, {n, c}, 0.0, 1.0, type), draw_between(4, {c}, 0.5, 1.5, type),
                make_mask(n)};
    }
    static Tensors call(const Tensors &in)
    {
        return {sslact::ops::balanced_bce(in[0], in[1], in[2], in[3], in[4])};
    }
    static Tensors reference(const Tensors &in)
    {
        const Values z(in[0]), pw(in[1]), nw(in[2]), w(in[3]), m(in[4]);
        const int64_t n = in[0].size(0), c = in[0].size(1);
        double sum = 0;
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < c; j++) {
                sum += m(i) * w(j) * (pw(i, j) * sp(-z(i, j)) + nw(i, j) * sp(z(i, j)));
            }
        }
        return {at::full({}, n > 0 ? sum / static_cast<double>(n * c) : 0.0, at::kDouble)};
    }
    static std::vector<size_t> differentiable() { return {0, 1}; }
    static Tensors composed(const Tensors &in)
    {
        const at::Tensor entries =
            -(in[1] * at::log_sigmoid(in[0]) + in[2] * at::log_sigmoid(-in[0]));
        return {(in[4].unsqueeze(1) * in[3] * entries).mean()};
    }
    static std::vector<BadInput> bad_values()
    {
        return {
            not_finite(0, 11, NAN, "logits[2][3]"),
            not_finite(1, 1, INFINITY, "positive_weight[0][1]"),
            not_finite(2, 8, NAN, "negative_weight[2][0]"),
            wrong_value(3, 2, -0.5, "class_weight[2]: -0.5, expected a finite number, 0 or more"),
            wrong_value(3, 1, NAN, "class_weight[1]: nan, expected a finite number, 0 or more"),
            wrong_value(4, 1, 2, "mask[1]: 2, expected 0 or 1")};
    }
    static std::vector<BadInput> bad()
    {
        return {
            wrong_type(0, at::kByte,
                       "logits: type uint8, expected float16, bfloat16, float32 or float64"),
            wrong_shape(1, {4, 4}, "positive_weight: shape [4, 4], expected [3, 4]"),
            wrong_shape(2, {3}, "negative_weight: shape [3], expected [3, 4]"),
            wrong_shape(3, {3}, "class_weight: shape [3], expected [4]"),
            wrong_shape(4, {4}, "mask: shape [4], expected [3]"),
            wrong_type(4, at::kDouble, "mask: type float64, expected uint8"),
        };
    }
};

struct BalancedBceBackwardOp {
    static constexpr const char *name = "sslact::_balanced_bce_backward";
    static constexpr const char *schema =
        "sslact::_balanced_bce_backward(Tensor grad, Tensor logits, Tensor positive_weight, "
        "Tensor negative_weight, Tensor class_weight, Tensor mask) -> (Tensor, Tensor)";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        Tensors in = BalancedBceOp::inputs(n, c, type);
        in.insert(in.begin(), draw(5, {}, 1.0, type));
        return in;
    }
    static Tensors call(const Tensors &in)
    {
        const auto [dz, dpw] =
            sslact::ops::balanced_bce_backward(in[0], in[1], in[2], in[3], in[4], in[5]);
        return {dz, dpw};
    }
    static Tensors reference(const Tensors &in)
    {
        const Values grad(in[0]), z(in[1]), pw(in[2]), nw(in[3]), w(in[4]), m(in[5]);
        const int64_t n = in[1].size(0), c = in[1].size(1);
        at::Tensor dz = at::zeros({n, c}, at::kDouble), dpw = at::zeros_like(dz);
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < c; j++) {
                const double share = grad(0) * m(i) * w(j) / static_cast<double>(n * c);
                const double s = sigma(z(i, j));
                element(dz, i * c + j) = share * (nw(i, j) * s - pw(i, j) * (1 - s));
                element(dpw, i * c + j) = share * sp(-z(i, j));
            }
        }
        return {dz, dpw};
    }
    static std::vector<size_t> differentiable() { return {}; }
    static Tensors composed(const Tensors &) { return {}; }
    static std::vector<BadInput> bad_values()
    {
        return {not_finite(1, 0, NAN, "logits[0][0]"),
                not_finite(3, 8, NAN, "negative_weight[2][0]"),
                wrong_value(5, 0, 255, "mask[0]: 255, expected 0 or 1")};
    }
    static std::vector<BadInput> bad()
    {
        return {wrong_shape(0, {1}, "grad: shape [1], expected []"),
                wrong_type(0, at::kLong,
                           "grad: type int64, expected float16, bfloat16, float32 or float64"),
                wrong_shape(5, {3, 1}, "mask: shape [3, 1], expected [3]")};
    }
};

inline std::vector<BadInput> bad_loss_inputs()
{
    return {
        wrong_type(0, at::kLong,
                   "teacher_logits: type int64, expected float16, bfloat16, float32 or float64"),
        wrong_shape(0, {12}, "teacher_logits: 1 dimensions, expected 2: [N, C]"),
        wrong_shape(1, {3, 5}, "student_logits: shape [3, 5], expected [3, 4]"),
        wrong_type(1, at::kInt,
                   "student_logits: type int32, expected float16, bfloat16, float32 or float64"),
        wrong_shape(2, {3}, "positive: shape [3], expected [4]"),
        wrong_shape(3, {3}, "negative: shape [3], expected [4]"),
        wrong_shape(4, {1}, "class_weight: shape [1], expected [4]"),
        wrong_shape(5, {4}, "mask: shape [4], expected [3]"),
        wrong_type(5, at::kBool, "mask: type bool, expected uint8"),
    };
}

inline std::vector<BadInput> bad_loss_values()
{
    return {
        not_finite(0, 6, NAN, "teacher_logits[1][2]"),
        not_finite(1, 11, INFINITY, "student_logits[2][3]"),
        wrong_value(2, 3, 1.2, "positive[3]: 1.2, expected a number in [0, 1]"),
        wrong_value(3, 0, NAN, "negative[0]: nan, expected a number in [0, 1]"),
        wrong_value(4, 1, INFINITY, "class_weight[1]: inf, expected a finite number, 0 or more"),
        wrong_value(5, 2, 3, "mask[2]: 3, expected 0 or 1"),
    };
}

inline Tensors loss_inputs(int64_t n, int64_t c, at::ScalarType type)
{
    return {draw(1, {n, c}, 3.0, type),
            draw(2, {n, c}, 2.0, type),
            make_thresholds(3, c, 0.4, 0.9, type),
            make_thresholds(4, c, 0.05, 0.3, type),
            draw_between(5, {c}, 0.5, 1.5, type),
            make_mask(n)};
}

// L_cls, L_reg and their gradients by section 4.1.
inline Tensors slow_loss(const Tensors &in, double slope, LabelMode mode, PenaltyScope scope)
{
    const Values zt(in[0]), zu(in[1]), positive(in[2]), negative(in[3]), w(in[4]), m(in[5]);
    const int64_t n = in[0].size(0), c = in[0].size(1);
    double pseudo = 0, penalty = 0;
    at::Tensor dz = at::zeros({n, c}, at::kDouble), from_pseudo = at::zeros({c}, at::kDouble),
               from_penalty = at::zeros({c}, at::kDouble);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < c; j++) {
            const double share = m(i) * w(j) / static_cast<double>(n * c);
            const double t = sigma(zt(i, j)), s = sigma(zu(i, j)), T = positive(j);
            const int y = slow_label(t, T, negative(j));
            const double pc = slow_positive(mode, t, y, T, slope), nc = y == 0 ? 1 : 0;
            pseudo += share * (pc * sp(-zu(i, j)) + nc * sp(zu(i, j)));
            element(dz, i * c + j) = share * (nc * s - pc * (1 - s));
            if (is_weighed(mode, y)) {
                element(from_pseudo, j) -= share * slope * pc * (1 - pc) * sp(-zu(i, j));
            }
            if (scope == PenaltyScope::all || (scope == PenaltyScope::positives && y == 1)) {
                penalty += share * (-std::log(T) + 2 * T);
                element(from_penalty, j) += share * (2 - 1 / T);
            }
        }
    }
    for (int64_t j = 0; j < c && n > 0 && scope == PenaltyScope::per_class; j++) {
        const double T = positive(j);
        penalty += (-std::log(T) + 2 * T) / static_cast<double>(c);
        element(from_penalty, j) = (2 - 1 / T) / static_cast<double>(c);
    }
    if (mode == LabelMode::fixed) { // "learnable mode only"
        penalty = 0;
        from_penalty.zero_();
    }
    return {at::full({}, pseudo, at::kDouble), at::full({}, penalty, at::kDouble), dz, from_pseudo,
            from_penalty};
}

template <LabelMode mode, PenaltyScope scope> struct UnsupervisedLossOp {
    static constexpr double slope = 10.0;
    static constexpr const char *name = "sslact::unsupervised_loss";
    static constexpr const char *schema =
        "sslact::unsupervised_loss(Tensor teacher_logits, Tensor student_logits, "
        "Tensor positive, Tensor negative, Tensor class_weight, Tensor mask, float slope, "
        "str mode, str scope) -> (Tensor, Tensor)";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        return loss_inputs(n, c, type);
    }
    static Tensors call(const Tensors &in)
    {
        const auto [pseudo, penalty] = sslact::ops::unsupervised_loss(
            in[0], in[1], in[2], in[3], in[4], in[5], slope, mode, scope);
        return {pseudo, penalty};
    }
    static Tensors reference(const Tensors &in)
    {
        Tensors out = slow_loss(in, slope, mode, scope);
        out.resize(2);
        return out;
    }
    static std::vector<size_t> differentiable() { return {1, 2}; }
    static Tensors composed(const Tensors &in)
    {
        const at::Tensor t = at::sigmoid(in[0]);
        const at::Tensor is_positive = t.gt(in[2].detach());
        const at::Tensor is_negative = t.lt(in[3]) & is_positive.logical_not();
        const at::Tensor wp = at::sigmoid(slope * (t - in[2]));
        const at::Tensor pc = mode == LabelMode::hard   ? wp * is_positive
                              : mode == LabelMode::soft ? wp * is_negative.logical_not()
                                                        : 0 * wp + is_positive;
        const at::Tensor share = in[5].unsqueeze(1) * in[4];
        const at::Tensor data =
            -(pc * at::log_sigmoid(in[1]) + is_negative * at::log_sigmoid(-in[1]));
        const at::Tensor r = -in[2].log() + 2 * in[2];
        const at::Tensor penalty = mode == LabelMode::fixed     ? 0 * r.sum()
                                   : scope == PenaltyScope::all ? (share * r).expand_as(t).mean()
                                   : scope == PenaltyScope::positives
                                       ? (share * is_positive * r).mean()
                                       : r.mean();
        return {(share * data).mean(), penalty};
    }
    static std::vector<BadInput> bad_values() { return bad_loss_values(); }
    static std::vector<BadInput> bad() { return bad_loss_inputs(); }
};

template <LabelMode mode, PenaltyScope scope> struct UnsupervisedLossFusedOp {
    static constexpr double slope = 10.0;
    static constexpr const char *name = "sslact::_unsupervised_loss_fused";
    static constexpr const char *schema =
        "sslact::_unsupervised_loss_fused(Tensor teacher_logits, Tensor student_logits, "
        "Tensor positive, Tensor negative, Tensor class_weight, Tensor mask, float slope, "
        "str mode, str scope) -> (Tensor, Tensor, Tensor, Tensor, Tensor)";
    static Tensors inputs(int64_t n, int64_t c, at::ScalarType type)
    {
        return loss_inputs(n, c, type);
    }
    static Tensors call(const Tensors &in)
    {
        const sslact::ops::FusedLoss out = sslact::ops::unsupervised_loss_fused(
            in[0], in[1], in[2], in[3], in[4], in[5], slope, mode, scope);
        return {out.pseudo, out.penalty, out.student_gradient, out.pseudo_positive_gradient,
                out.penalty_positive_gradient};
    }
    static Tensors reference(const Tensors &in) { return slow_loss(in, slope, mode, scope); }
    static std::vector<size_t> differentiable() { return {}; }
    static Tensors composed(const Tensors &) { return {}; }
    static std::vector<BadInput> bad_values() { return bad_loss_values(); }
    static std::vector<BadInput> bad() { return bad_loss_inputs(); }
};

} // namespace test

#endif
