// RoIAlign on the device against the C kernel.
#include "twins.h"

#include "kernels/roi_align.h"

using namespace test;

namespace
{

struct Case {
    const char *name;
    roi_align_shape shape; // batch, channels, height, width, boxes, pooled, scale, ratio, aligned
};

constexpr Case cases[] = {
    {"usual", {2, 3, 16, 20, 9, 7, 7, 1.0 / 16, 0, true}},
    {"two samples, not aligned", {3, 2, 9, 5, 11, 3, 4, 0.25, 2, false}},
    {"one cell", {1, 1, 1, 1, 4, 2, 2, 1.0, 0, true}},
    {"no boxes", {2, 3, 4, 4, 0, 7, 7, 1.0, 0, true}},
    {"no channels", {2, 0, 4, 4, 3, 2, 2, 1.0, 0, true}},
    {"more bins than cells", {2, 5, 3, 4, 6, 11, 13, 0.5, 0, true}},
    {"more boxes than tables hold at a time", {2, 1, 512, 8, 2400, 7, 1, 1.0, 1, true}},
};

// Boxes of every kind: inside, across the border, outside, reversed, empty and enormous.
std::vector<double> make_rois(const roi_align_shape &shape)
{
    random_stream stream = random_open(5, RANDOM_CHANCE, 0, 0);
    const double width = static_cast<double>(shape.width) / shape.spatial_scale;
    const double height = static_cast<double>(shape.height) / shape.spatial_scale;
    std::vector<double> rois;
    for (int64_t k = 0; k < shape.boxes; k++) {
        const double stretch = k % 7 == 6 ? 1000.0 : 1.0;
        const double x = random_range(&stream, -0.3, 1.1) * width;
        const double y = random_range(&stream, -0.3, 1.1) * height;
        const double across = random_range(&stream, k % 5 == 4 ? -0.5 : 0.0, 0.8) * width * stretch;
        const double down = random_range(&stream, 0.0, 0.8) * height * stretch;
        // Map 0 and the last only: the others get no box.
        rois.push_back(static_cast<double>(k % 3 == 0 ? 0 : shape.batch - 1));
        for (const double corner : {x, y, x + across, y + (k % 8 == 7 ? 0.0 : down)}) {
            rois.push_back(static_cast<float>(corner));
        }
    }
    return rois;
}

template <typename T> constexpr kernel_type type_of = KERNEL_FLOAT64;
template <> constexpr kernel_type type_of<float> = KERNEL_FLOAT32;

sslact_status forward(const roi_align_shape &shape, const float *in, const float *rois, float *out)
{
    return roi_align_forward_float(&shape, in, rois, out);
}
sslact_status forward(const roi_align_shape &shape, const double *in, const double *rois,
                      double *out)
{
    return roi_align_forward_double(&shape, in, rois, out);
}
sslact_status backward(const roi_align_shape &shape, const float *in, const float *rois, float *out)
{
    return roi_align_backward_float(&shape, in, rois, out);
}
sslact_status backward(const roi_align_shape &shape, const double *in, const double *rois,
                       double *out)
{
    return roi_align_backward_double(&shape, in, rois, out);
}

size_t count_cells(const roi_align_shape &s)
{
    return static_cast<size_t>(s.batch * s.channels * s.height * s.width);
}
size_t count_outputs(const roi_align_shape &s)
{
    return static_cast<size_t>(s.boxes * s.channels * s.pooled_height * s.pooled_width);
}

template <typename T> void compare_with_c(const Case &one)
{
    const roi_align_shape &shape = one.shape;
    SCOPED_TRACE(std::string(one.name) + (sizeof(T) == 4 ? ", float" : ", double"));
    Floats rois(type_of<T>, make_rois(shape));
    Floats input(type_of<T>, draw(count_cells(shape), -1.0, 1.0, 3));
    Floats gradient(type_of<T>, draw(count_outputs(shape), -1.0, 1.0, 4));
    Floats pooled(type_of<T>, count_outputs(shape));
    Floats spread(type_of<T>, count_cells(shape));
    Queue queue(cuda_roi_align_workspace(&shape));
    auto data = [](Floats &array) { return static_cast<T *>(array.host_out().data); };

    ASSERT_EQ(forward(shape, data(input), data(rois), data(pooled)), SSLACT_OK)
        << sslact_error_get_message();
    ASSERT_EQ(backward(shape, data(gradient), data(rois), data(spread)), SSLACT_OK);
    check(cuda_roi_align_forward(&shape, input.device(), rois.device(), pooled.device_out(),
                                 queue.get()));
    check(cuda_roi_align_backward(&shape, gradient.device(), rois.device(), spread.device_out(),
                                  queue.get()));

    expect_close(pooled, "pooled");
    expect_close(spread, "spread");
}

} // namespace

TEST_F(Twins, RoiAlignAndItsBackwardAreThoseOfTheCKernel)
{
    for (const Case &one : cases) {
        compare_with_c<float>(one);
        compare_with_c<double>(one);
    }
}

TEST_F(Twins, RoiAlignTakesNarrowMapsWithWideBoxes)
{
    const roi_align_shape &shape = cases[0].shape;
    Floats rois(KERNEL_FLOAT32, make_rois(shape));
    const std::vector<double> values = draw(count_cells(shape), -1.0, 1.0, 3);
    Floats wide(KERNEL_FLOAT64, values), narrow(KERNEL_BFLOAT16, values);
    Floats expected(KERNEL_FLOAT64, count_outputs(shape));
    Floats pooled(KERNEL_BFLOAT16, count_outputs(shape));
    Queue queue(cuda_roi_align_workspace(&shape));

    check(cuda_roi_align_forward(&shape, wide.device(), rois.device(), expected.device_out(),
                                 queue.get()));
    check(cuda_roi_align_forward(&shape, narrow.device(), rois.device(), pooled.device_out(),
                                 queue.get()));

    const auto seen = pooled.device_values();
    const auto exact = expected.device_values();
    for (size_t i = 0; i < seen.size(); i++) {
        // Both the inputs and the result are rounded to 8 bits.
        ASSERT_NEAR(seen[i], exact[i], 2 * 0.00391) << i;
    }
}

TEST_F(Twins, RoiAlignRepeatsBitForBit)
{
    const roi_align_shape &shape = cases[0].shape;
    Floats rois(KERNEL_FLOAT32, make_rois(shape));
    Floats input(KERNEL_FLOAT32, draw(count_cells(shape), -1.0, 1.0, 3));
    Floats gradient(KERNEL_FLOAT32, draw(count_outputs(shape), -1.0, 1.0, 4));
    Queue queue(cuda_roi_align_workspace(&shape));
    expect_repeats([&] {
        Floats pooled(KERNEL_FLOAT32, count_outputs(shape));
        Floats spread(KERNEL_FLOAT32, count_cells(shape));
        check(cuda_roi_align_forward(&shape, input.device(), rois.device(), pooled.device_out(),
                                     queue.get()));
        check(cuda_roi_align_backward(&shape, gradient.device(), rois.device(), spread.device_out(),
                                      queue.get()));
        auto bytes = pooled.device_bytes();
        const auto more = spread.device_bytes();
        bytes.insert(bytes.end(), more.begin(), more.end());
        return bytes;
    });
}

TEST_F(Twins, ABadBoxPoolsToZeroAndSpreadsNothing)
{
    roi_align_shape shape = {1, 1, 4, 4, 3, 2, 2, 1.0, 0, true};
    Floats rois(KERNEL_FLOAT64, std::vector<double>{1, 0, 0, 3, 3, // there is no map 1
                                                    0, 0, 0, NAN, 3, 0, 0, 0, 3, 3});
    Floats input(KERNEL_FLOAT64, std::vector<double>(16, 1.0));
    Floats pooled(KERNEL_FLOAT64, count_outputs(shape));
    Queue queue(cuda_roi_align_workspace(&shape));

    check(cuda_roi_align_forward(&shape, input.device(), rois.device(), pooled.device_out(),
                                 queue.get()));

    // The mean of ones is one.
    EXPECT_EQ(pooled.device_values(), (std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}));
}
