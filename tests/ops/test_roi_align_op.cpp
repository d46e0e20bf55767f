// sslact::roi_align as an op: the wrapper, its gradient, Meta, and what all keys refuse.

#include "ops/roi_align.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

using sslact::roi_align;

at::Tensor make_input(at::ScalarType type)
{
    return at::linspace(-1.0, 2.0, 2 * 3 * 5 * 7, at::kDouble).sin().view({2, 3, 5, 7}).to(type);
}

at::Tensor make_rois(at::ScalarType type)
{
    std::vector<double> values = {0, 0.5, 0.25, 5.5, 4.75, 1, -1.0, 1.0,  3,   9.0,
                                  1, 2.0, 2.0,  2,   2.0,  0, 1,    3.25, 6.5, 4.0};
    return at::tensor(values, at::kDouble).view({4, 5}).to(type);
}

double weigh(const at::Tensor &output)
{
    at::Tensor weights = at::linspace(1.0, 2.0, output.numel(), output.options());
    return (output.reshape({-1}) * weights).sum().item<double>();
}

// The text of what `call` throws, without torch's backtrace.
template <typename Call> std::string catch_message(Call call)
{
    try {
        call();
    } catch (const c10::Error &error) {
        return error.what_without_backtrace();
    }
    return "nothing was thrown";
}

} // namespace

TEST(RoiAlignOp, HasTheSchemasThatTheConventionsName)
{
    auto text = [](const char *name) {
        return c10::toString(c10::Dispatcher::singleton().findSchemaOrThrow(name, "").schema());
    };

    EXPECT_EQ(text("sslact::roi_align"),
              "sslact::roi_align(Tensor input, Tensor rois, float spatial_scale, int "
              "pooled_height, int pooled_width, int sampling_ratio, bool aligned) -> Tensor");
    EXPECT_EQ(text("sslact::_roi_align_backward"),
              "sslact::_roi_align_backward(Tensor grad, Tensor rois, float spatial_scale, int "
              "pooled_height, int pooled_width, int batch_size, int channels, int height, int "
              "width, int sampling_ratio, bool aligned) -> Tensor");
}

TEST(RoiAlignOp, HasAKernelForEveryKeyOfAnOp)
{
    for (const char *name : {"sslact::roi_align", "sslact::_roi_align_backward"}) {
        auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name, "");
        for (auto key :
             {c10::DispatchKey::CPU, c10::DispatchKey::Meta, c10::DispatchKey::Autograd}) {
            EXPECT_TRUE(op.hasKernelForDispatchKey(key)) << name << " " << key;
        }
    }
}

TEST(RoiAlignOp, GradientEqualsCentralDifferences)
{
    for (bool aligned : {false, true}) {
        for (int64_t ratio : {0, 2}) {
            at::Tensor input = make_input(at::kDouble).requires_grad_();
            at::Tensor rois = make_rois(at::kDouble);
            at::Tensor output = roi_align(input, rois, 0.9, 3, 2, ratio, aligned);
            at::Tensor weights = at::linspace(1.0, 2.0, output.numel(), at::kDouble);

            (output.reshape({-1}) * weights).sum().backward();

            at::Tensor probe = input.detach().clone();
            double *values = probe.mutable_data_ptr<double>();
            for (int64_t i = 0; i < probe.numel(); i++) {
                double kept = values[i];
                values[i] = kept + 1e-3;
                double above = weigh(roi_align(probe, rois, 0.9, 3, 2, ratio, aligned));
                values[i] = kept - 1e-3;
                double below = weigh(roi_align(probe, rois, 0.9, 3, 2, ratio, aligned));
                values[i] = kept;
                // Linear in the input: only rounding separates the two.
                EXPECT_NEAR(input.grad().const_data_ptr<double>()[i], (above - below) / 2e-3, 1e-9);
            }
        }
    }
}

TEST(RoiAlignOp, TakesStridedInputsAndLeavesThemAlone)
{
    at::Tensor packed = make_input(at::kFloat);
    at::Tensor strided = packed.transpose(2, 3).contiguous().transpose(2, 3);
    at::Tensor rois = make_rois(at::kFloat);
    at::Tensor strided_rois = rois.t().contiguous().t();
    at::Tensor kept = strided.clone();

    at::Tensor expected = roi_align(packed, rois, 1.0, 2, 2, 0, false);
    at::Tensor output = roi_align(strided, strided_rois, 1.0, 2, 2, 0, false);

    EXPECT_TRUE(output.equal(expected));
    EXPECT_TRUE(strided.equal(kept));
    EXPECT_FALSE(output.is_alias_of(strided));
}

TEST(RoiAlignOp, GivesTheSameBitsForAnyNumberOfThreadsAndEitherLayout)
{
    // 150 channels: two whole blocks and a part of one; boxes of both maps mixed.
    at::Tensor input = at::linspace(-1.0, 900.0, 2 * 150 * 5 * 7, at::kFloat).sin();
    input = input.view({2, 150, 5, 7});
    at::Tensor rois = make_rois(at::kFloat);
    at::Tensor expected = roi_align(input, rois, 1.0, 3, 2, 0, false);
    at::Tensor gradient = expected.cos();
    at::Tensor spread =
        sslact::roi_align_backward(gradient, rois, 1.0, 3, 2, 2, 150, 5, 7, 0, false);
    int before = at::get_num_threads();
    for (int threads : {1, 2, 3}) {
        at::set_num_threads(threads);
        EXPECT_TRUE(roi_align(input, rois, 1.0, 3, 2, 0, false).equal(expected));
        at::Tensor last = input.contiguous(at::MemoryFormat::ChannelsLast);
        EXPECT_TRUE(roi_align(last, rois, 1.0, 3, 2, 0, false).equal(expected));
        EXPECT_TRUE(sslact::roi_align_backward(gradient, rois, 1.0, 3, 2, 2, 150, 5, 7, 0, false)
                        .equal(spread));
    }
    at::set_num_threads(before);
    // One channel of the last block alone is the same channel.
    at::Tensor alone = roi_align(input.slice(1, 149, 150), rois, 1.0, 3, 2, 0, false);
    EXPECT_TRUE(alone.equal(expected.slice(1, 149, 150)));
}

// The reference is the op in double on the same rounded numbers.
TEST(RoiAlignOp, SixteenBitInputsAreComputedInFloatAndRoundedOnce)
{
    for (const auto type : {at::kHalf, at::kBFloat16}) {
        at::Tensor input = make_input(type).requires_grad_();
        at::Tensor rois = make_rois(type);
        at::Tensor exact = make_input(type).to(at::kDouble).requires_grad_();
        const double half_step = type == at::kHalf ? 1.0 / 2048 : 1.0 / 256;

        at::Tensor output = roi_align(input, rois, 0.9, 3, 2, 2, true);
        at::Tensor expected = roi_align(exact, rois.to(at::kDouble), 0.9, 3, 2, 2, true);
        output.backward(at::ones_like(output));
        expected.backward(at::ones_like(expected));

        EXPECT_EQ(output.scalar_type(), type);
        EXPECT_TRUE(((output.to(at::kDouble) - expected).abs() <= half_step * expected.abs() + 1e-6)
                        .all()
                        .item<bool>());
        const at::Tensor slope = exact.grad();
        EXPECT_TRUE(((input.grad().to(at::kDouble) - slope).abs() <= half_step * slope.abs() + 1e-6)
                        .all()
                        .item<bool>());
    }
}

TEST(RoiAlignOp, GivesAnEmptyResultAndAZeroGradientWithoutBoxes)
{
    at::Tensor input = make_input(at::kFloat).requires_grad_();
    at::Tensor output = roi_align(input, at::zeros({0, 5}), 1.0, 7, 7, 0, false);

    output.sum().backward();

    EXPECT_EQ(output.sizes().vec(), (std::vector<int64_t>{0, 3, 7, 7}));
    EXPECT_EQ(input.grad().abs().sum().item<double>(), 0.0);
}

TEST(RoiAlignOp, MetaHasTheShapeAndTypeOfTheResult)
{
    for (auto type : {at::kFloat, at::kDouble}) {
        at::Tensor input = make_input(type);
        at::Tensor rois = make_rois(type);

        at::Tensor output = roi_align(input, rois, 1.0, 3, 4, 0, true);
        at::Tensor meta = roi_align(input.to(at::kMeta), rois.to(at::kMeta), 1.0, 3, 4, 0, true);
        at::Tensor grad = sslact::roi_align_backward(output, rois, 1.0, 3, 4, 2, 3, 5, 7, 0, true);
        at::Tensor meta_grad = sslact::roi_align_backward(output.to(at::kMeta), rois.to(at::kMeta),
                                                          1.0, 3, 4, 2, 3, 5, 7, 0, true);

        EXPECT_EQ(meta.sizes(), output.sizes());
        EXPECT_EQ(meta.scalar_type(), type);
        EXPECT_EQ(meta_grad.sizes(), grad.sizes());
        EXPECT_EQ(grad.sizes(), input.sizes());
    }
}

TEST(RoiAlignOp, RefusesWrongShapesAndTypesWithTheSameTextOnCpuAndMeta)
{
    at::Tensor input = make_input(at::kFloat);
    at::Tensor rois = make_rois(at::kFloat);
    struct Case {
        at::Tensor input;
        at::Tensor rois;
        int64_t pooled;
        int64_t ratio;
        const char *expected;
    };
    std::vector<Case> cases = {
        {input[0], rois, 7, 0, "input: rank 3"},
        {input.to(at::kInt), rois, 7, 0, "expected float, double, half or bfloat16"},
        {input, rois.slice(1, 0, 4), 7, 0, "expected [K, 5]"},
        {input, rois.to(at::kDouble), 7, 0, "rois: Double, the input is Float"},
        {input, rois, 0, 0, "expected at least 1 x 1"},
        {input, rois, 7, -1, "sampling ratio -1"},
        {at::zeros({1, 1, 0, 4}), rois, 7, 0, "map of 0 x 4"},
    };

    for (const Case &one : cases) {
        std::string cpu = catch_message(
            [&] { roi_align(one.input, one.rois, 1.0, one.pooled, one.pooled, one.ratio, false); });
        std::string meta = catch_message([&] {
            roi_align(one.input.to(at::kMeta), one.rois.to(at::kMeta), 1.0, one.pooled, one.pooled,
                      one.ratio, false);
        });
        EXPECT_NE(cpu.find(one.expected), std::string::npos) << cpu;
        EXPECT_EQ(cpu, meta);
    }
}

TEST(RoiAlignOp, RefusesABoxOfAMapThatIsNotThere)
{
    at::Tensor rois = make_rois(at::kFloat);
    rois[3][0] = 2;
    std::string text =
        catch_message([&] { roi_align(make_input(at::kFloat), rois, 1.0, 7, 7, 0, false); });

    EXPECT_NE(text.find("rois[3][0]: there is no map 2, only 0 to 1"), std::string::npos) << text;
}

TEST(RoiAlignOp, SaysThatItHasNoSecondDerivative)
{
    at::Tensor grad = at::zeros({4, 3, 2, 2}).requires_grad_();
    at::Tensor first =
        sslact::roi_align_backward(grad, make_rois(at::kFloat), 1.0, 2, 2, 2, 3, 5, 7, 0, false);

    std::string text = catch_message([&] { first.sum().backward(); });

    EXPECT_NE(text.find("no second derivative"), std::string::npos) << text;
}
