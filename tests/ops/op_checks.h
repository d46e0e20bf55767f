// The checks that every op of the namespace sslact gets, as one typed suite. An op is one struct:
//
//   struct MyOp {
//       static constexpr const char *name = "sslact::my_op";
//       static constexpr const char *schema = "sslact::my_op(Tensor x) -> Tensor";
//       static Tensors inputs(int64_t n, int64_t c, at::ScalarType type);
//       static Tensors call(const Tensors &in);
//       static Tensors reference(const Tensors &in);   // slow loops, float64 or integers
//       static std::vector<size_t> differentiable();   // which inputs; empty = not differentiable
//       static Tensors composed(const Tensors &in);    // torch's own functions, differentiable;
//                                                      // {} where nothing is
//       static std::vector<BadInput> bad();            // refused by every key with this text
//       static std::vector<BadInput> bad_values();     // refused where there are values to see
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Name, OpChecks, testing::Types<MyOp>);
#ifndef TESTS_OPS_OP_CHECKS_H
#define TESTS_OPS_OP_CHECKS_H

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <dlfcn.h>

#include "base/random.h"

namespace test
{

using Tensors = std::vector<at::Tensor>;

struct BadInput {
    std::string text;                     // what is said
    std::function<void(Tensors &)> spoil; // makes good inputs bad
};

// ---- inputs ----

// Normal numbers that are exact in float32.
inline at::Tensor draw(uint64_t seed, at::IntArrayRef shape, double scale, at::ScalarType type)
{
    at::Tensor out = at::empty(shape, at::kDouble);
    random_stream stream = random_open(seed, RANDOM_CHANCE, 0, 0);
    for (int64_t at = 0; at < out.numel(); at++) {
        out.mutable_data_ptr<double>()[at] = static_cast<float>(scale * random_normal(&stream));
    }
    return out.to(type);
}

inline at::Tensor draw_between(uint64_t seed, at::IntArrayRef shape, double low, double high,
                               at::ScalarType type)
{
    at::Tensor out = at::empty(shape, at::kDouble);
    random_stream stream = random_open(seed, RANDOM_CHANCE, 0, 0);
    for (int64_t at = 0; at < out.numel(); at++) {
        out.mutable_data_ptr<double>()[at] = static_cast<float>(random_range(&stream, low, high));
    }
    return out.to(type);
}

// The same values, not packed in any dimension.
inline at::Tensor make_strided(const at::Tensor &x)
{
    return at::stack({x, x}, -1).select(-1, 0);
}

inline Tensors map(const Tensors &in, const std::function<at::Tensor(const at::Tensor &)> &change)
{
    Tensors out;
    for (const at::Tensor &x : in) {
        out.push_back(change(x));
    }
    return out;
}

// ---- comparisons ----

// Largest difference over the largest expected magnitude; integers exactly.
inline void expect_near(const Tensors &actual, const Tensors &expected, double tolerance)
{
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t k = 0; k < actual.size(); k++) {
        ASSERT_EQ(actual[k].sizes(), expected[k].sizes()) << "output " << k;
        if (actual[k].numel() == 0) {
            continue;
        }
        const at::Tensor a = actual[k].detach().to(at::kDouble);
        const at::Tensor e = expected[k].detach().to(at::kDouble);
        const double difference = (a - e).abs().max().item<double>();
        const bool whole = !actual[k].is_floating_point();
        EXPECT_LE(difference, whole ? 0.0 : tolerance * e.abs().max().item<double>())
            << "output " << k;
    }
}

// What a call says when it refuses, without torch's backtrace.
inline std::string catch_text(const std::function<void()> &call)
{
    try {
        call();
    } catch (const c10::Error &error) {
        return error.what_without_backtrace();
    } catch (const std::exception &error) {
        return error.what();
    }
    return "nothing was thrown";
}

// One number from all differentiable outputs, with a different weight on every element.
inline at::Tensor weigh(const Tensors &outputs)
{
    at::Tensor sum = at::zeros({}, at::kDouble);
    for (size_t k = 0; k < outputs.size(); k++) {
        if (outputs[k].is_floating_point()) {
            const at::Tensor weights =
                at::linspace(0.5, 1.5 + static_cast<double>(k), outputs[k].numel(), at::kDouble);
            sum = sum + (outputs[k].to(at::kDouble).reshape({-1}) * weights).sum();
        }
    }
    return sum;
}

template <typename Op> Tensors gradients(const Tensors &in, Tensors (*formula)(const Tensors &))
{
    Tensors leaves = map(in, [](const at::Tensor &x) { return x.detach().clone(); });
    for (const size_t k : Op::differentiable()) {
        leaves[k].set_requires_grad(true);
    }
    weigh(formula(leaves)).backward();
    Tensors out;
    for (const size_t k : Op::differentiable()) {
        out.push_back(leaves[k].grad().defined() ? leaves[k].grad() : at::zeros_like(leaves[k]));
    }
    return out;
}

// ---- the suite ----

template <typename Op> class OpChecks : public testing::Test
{
};
// ---- the device ----

// The CPU, or what SSLACT_TEST_DEVICE names (cuda:0); SSLACT_TEST_CUDA_LIBRARY is libsslact_cuda.so
// then. Inputs travel there and results back, so every check is the same on both.
inline at::Device open_test_device()
{
    const char *name = std::getenv("SSLACT_TEST_DEVICE");
    if (name == nullptr) {
        return at::Device(at::kCPU);
    }
    const char *library = std::getenv("SSLACT_TEST_CUDA_LIBRARY");
    if (dlopen(library != nullptr ? library : "libsslact_cuda.so", RTLD_NOW | RTLD_GLOBAL) ==
        nullptr) {
        throw std::runtime_error(dlerror());
    }
    return at::Device(name);
}

inline at::Tensor to_device(const at::Tensor &x, const at::Device &device)
{
    return x.is_meta() || x.device() == device ? x : x.to(device);
}

template <typename Op> Tensors call_on_device(const Tensors &in)
{
    static const at::Device device = open_test_device();
    const Tensors out = Op::call(map(in, [](const at::Tensor &x) { return to_device(x, device); }));
    return map(out, [](const at::Tensor &x) { return to_device(x, at::Device(at::kCPU)); });
}

TYPED_TEST_SUITE_P(OpChecks);

constexpr int64_t kRowCounts[] = {0, 1, 7};
constexpr int64_t kClassCounts[] = {1, 24, 60};

TYPED_TEST_P(OpChecks, ValuesEqualTheSlowReference)
{
    for (const int64_t n : kRowCounts) {
        for (const int64_t c : kClassCounts) {
            for (const auto type : {at::kDouble, at::kFloat}) {
                SCOPED_TRACE(testing::Message() << n << " x " << c << " " << type);
                const Tensors in = TypeParam::inputs(n, c, type);
                expect_near(call_on_device<TypeParam>(in), TypeParam::reference(in),
                            type == at::kDouble ? 1e-12 : 1e-6);
            }
        }
    }
}

// Half an ulp of the type, several times over, for one rounding of the result.
inline double tolerance_of(at::ScalarType type)
{
    return type == at::kHalf ? 1e-3 : type == at::kBFloat16 ? 8e-3 : 2e-6;
}

TYPED_TEST_P(OpChecks, SixteenBitInputsAreComputedInFloat)
{
    for (const auto type : {at::kHalf, at::kBFloat16}) {
        const Tensors in = TypeParam::inputs(7, 24, type);
        const Tensors out = call_on_device<TypeParam>(in);
        const Tensors expected = TypeParam::reference(in); // of the rounded inputs
        ASSERT_EQ(out.size(), expected.size());
        for (size_t k = 0; k < out.size(); k++) {
            SCOPED_TRACE(testing::Message() << type << " output " << k);
            expect_near({out[k]}, {expected[k]}, tolerance_of(out[k].scalar_type()));
        }
        if (TypeParam::differentiable().empty()) {
            continue;
        }
        for (const at::Tensor &gradient : gradients<TypeParam>(in, call_on_device<TypeParam>)) {
            EXPECT_EQ(gradient.scalar_type(), type);
            EXPECT_TRUE(gradient.isfinite().all().template item<bool>());
        }
    }
}

TYPED_TEST_P(OpChecks, RepeatsBitForBit)
{
    const Tensors in = TypeParam::inputs(7, 60, at::kFloat);
    const Tensors first = call_on_device<TypeParam>(in);
    const Tensors second = call_on_device<TypeParam>(in);
    for (size_t k = 0; k < first.size(); k++) {
        EXPECT_TRUE(at::equal(first[k], second[k])) << "output " << k;
    }
}

TYPED_TEST_P(OpChecks, GradientsEqualCentralDifferences)
{
    const double step = 1e-5;
    Tensors in = TypeParam::inputs(3, 4, at::kDouble);
    if (TypeParam::differentiable().empty()) {
        return; // see HasAGradientOrSaysThatThereIsNone
    }
    const Tensors actual = gradients<TypeParam>(in, call_on_device<TypeParam>);
    Tensors expected;
    for (const size_t k : TypeParam::differentiable()) {
        in[k] = in[k].contiguous();
        auto *values = in[k].template mutable_data_ptr<double>();
        at::Tensor slopes = at::zeros_like(in[k]);
        for (int64_t at = 0; at < in[k].numel(); at++) {
            const double kept = values[at];
            values[at] = kept + step;
            const double up = weigh(call_on_device<TypeParam>(in)).template item<double>();
            values[at] = kept - step;
            const double down = weigh(call_on_device<TypeParam>(in)).template item<double>();
            values[at] = kept;
            slopes.template mutable_data_ptr<double>()[at] = (up - down) / (2 * step);
        }
        expected.push_back(slopes);
    }
    // a^2 step^2 of truncation for the sigmoid with slope a = 20, and rounding / step.
    expect_near(actual, expected, 1e-6);
}

TYPED_TEST_P(OpChecks, GradientsEqualTheComposedTorchFormula)
{
    for (const int64_t n : kRowCounts) {
        for (const int64_t c : kClassCounts) {
            const Tensors in = TypeParam::inputs(n, c, at::kDouble);
            if (TypeParam::differentiable().empty() || n == 0) {
                continue; // torch's own mean over nothing is NaN
            }
            SCOPED_TRACE(testing::Message() << n << " x " << c);
            expect_near(call_on_device<TypeParam>(in), TypeParam::composed(in), 1e-12);
            expect_near(gradients<TypeParam>(in, call_on_device<TypeParam>),
                        gradients<TypeParam>(in, TypeParam::composed), 1e-12);
        }
    }
}

TYPED_TEST_P(OpChecks, GradientsOfNothingAreZero)
{
    const Tensors in = TypeParam::inputs(0, 5, at::kDouble);
    if (TypeParam::differentiable().empty()) {
        return;
    }
    for (const at::Tensor &gradient : gradients<TypeParam>(in, call_on_device<TypeParam>)) {
        EXPECT_EQ(gradient.abs().sum().template item<double>(), 0.0);
    }
}

TYPED_TEST_P(OpChecks, HasAGradientOrSaysThatThereIsNone)
{
    Tensors in = TypeParam::inputs(3, 4, at::kDouble);
    for (at::Tensor &x : in) {
        if (x.is_floating_point()) {
            x.set_requires_grad(true);
        }
    }

    const Tensors out = call_on_device<TypeParam>(in);

    const bool differentiable = !TypeParam::differentiable().empty();
    EXPECT_TRUE(!differentiable || out[0].requires_grad());
    for (const at::Tensor &x : out) {
        if (!x.is_floating_point()) {
            EXPECT_FALSE(x.requires_grad());
        } else if (!differentiable) {
            const std::string text = catch_text([&] { x.sum().backward(); });
            EXPECT_NE(text.find("is not implemented"), std::string::npos) << text;
        }
    }
}

TYPED_TEST_P(OpChecks, MetaGivesTheShapesAndTypesOfTheCpu)
{
    for (const int64_t n : kRowCounts) {
        for (const int64_t c : kClassCounts) {
            for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
                const Tensors in = TypeParam::inputs(n, c, type);
                const Tensors out = call_on_device<TypeParam>(in);
                const Tensors shapes = call_on_device<TypeParam>(
                    map(in, [](const at::Tensor &x) { return x.to(at::Device(at::kMeta)); }));
                ASSERT_EQ(shapes.size(), out.size());
                for (size_t k = 0; k < out.size(); k++) {
                    EXPECT_TRUE(shapes[k].is_meta());
                    EXPECT_EQ(shapes[k].sizes(), out[k].sizes());
                    EXPECT_EQ(shapes[k].strides(), out[k].strides());
                    EXPECT_EQ(shapes[k].scalar_type(), out[k].scalar_type());
                }
            }
        }
    }
}

TYPED_TEST_P(OpChecks, BadInputsFailWithTheSameTextOnEveryKey)
{
    for (const BadInput &bad : TypeParam::bad()) {
        Tensors in = TypeParam::inputs(3, 4, at::kDouble);
        bad.spoil(in);
        const Tensors meta =
            map(in, [](const at::Tensor &x) { return x.to(at::Device(at::kMeta)); });
        EXPECT_EQ(catch_text([&] { call_on_device<TypeParam>(in); }), bad.text);
        EXPECT_EQ(catch_text([&] { call_on_device<TypeParam>(meta); }), bad.text);
        const at::NoGradGuard no_grad;
        EXPECT_EQ(catch_text([&] { call_on_device<TypeParam>(in); }), bad.text);
    }
}

TYPED_TEST_P(OpChecks, BadValuesFailWithTheirIndexAndChangeNothing)
{
    for (const BadInput &bad : TypeParam::bad_values()) {
        Tensors in = TypeParam::inputs(3, 4, at::kDouble);
        bad.spoil(in);
        const Tensors before = map(in, [](const at::Tensor &x) { return x.clone(); });
        EXPECT_EQ(catch_text([&] { call_on_device<TypeParam>(in); }), bad.text);
        EXPECT_EQ(catch_text([&] { call_on_device<TypeParam>(map(in, make_strided)); }), bad.text);
        for (size_t k = 0; k < in.size(); k++) {
            EXPECT_TRUE(at::equal(in[k].nan_to_num(), before[k].nan_to_num())) << "input " << k;
        }
        // Without values there is nothing to refuse.
        call_on_device<TypeParam>(
            map(in, [](const at::Tensor &x) { return x.to(at::Device(at::kMeta)); }));
    }
}

TYPED_TEST_P(OpChecks, StridedInputsGiveThePackedResult)
{
    for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
        const Tensors in = TypeParam::inputs(7, 24, type);
        const Tensors expected = call_on_device<TypeParam>(in);
        const Tensors actual = call_on_device<TypeParam>(map(in, make_strided));
        ASSERT_EQ(actual.size(), expected.size());
        for (size_t k = 0; k < actual.size(); k++) {
            EXPECT_TRUE(at::equal(actual[k], expected[k])) << "output " << k;
            EXPECT_TRUE(actual[k].is_contiguous());
        }
    }
}

TYPED_TEST_P(OpChecks, LeavesItsInputsAloneAndSharesNothing)
{
    const Tensors in = TypeParam::inputs(7, 24, at::kFloat);
    const Tensors before = map(in, [](const at::Tensor &x) { return x.clone(); });

    const Tensors out = call_on_device<TypeParam>(in);

    for (size_t k = 0; k < in.size(); k++) {
        EXPECT_TRUE(at::equal(in[k], before[k])) << "input " << k;
        for (const at::Tensor &x : out) {
            EXPECT_FALSE(x.is_alias_of(in[k])) << "input " << k;
        }
    }
    for (size_t a = 0; a < out.size(); a++) {
        for (size_t b = a + 1; b < out.size(); b++) {
            EXPECT_FALSE(out[a].is_alias_of(out[b]));
        }
    }
}

TYPED_TEST_P(OpChecks, IsRegisteredForEveryKeyUnderItsSchema)
{
    const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(TypeParam::name, "");
    EXPECT_EQ(c10::toString(op.schema()), TypeParam::schema);
    for (const auto key :
         {c10::DispatchKey::CPU, c10::DispatchKey::Meta, c10::DispatchKey::Autograd}) {
        EXPECT_TRUE(op.hasKernelForDispatchKey(key)) << key;
    }
}

REGISTER_TYPED_TEST_SUITE_P(OpChecks, ValuesEqualTheSlowReference,
                            SixteenBitInputsAreComputedInFloat, RepeatsBitForBit,
                            BadValuesFailWithTheirIndexAndChangeNothing,
                            GradientsEqualCentralDifferences, GradientsEqualTheComposedTorchFormula,
                            GradientsOfNothingAreZero, HasAGradientOrSaysThatThereIsNone,
                            MetaGivesTheShapesAndTypesOfTheCpu,
                            BadInputsFailWithTheSameTextOnEveryKey,
                            StridedInputsGiveThePackedResult, LeavesItsInputsAloneAndSharesNothing,
                            IsRegisteredForEveryKeyUnderItsSchema);

} // namespace test

#endif
