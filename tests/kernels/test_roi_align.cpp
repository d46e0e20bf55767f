// The C kernel against the numbers of models.md section 4 and against the definition written out
// sample by sample.

#include "kernels/roi_align.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace
{

// Corners (x1, y1, x2, y2) of the check values.
const double box_a[4] = {1.2, 0.7, 6.9, 5.1};
const double box_b[4] = {-2, -2, 3, 3};
const double box_c[4] = {7.5, 5.5, 7.6, 5.6};
const double box_d[4] = {4, 4, 3, 3};

roi_align_shape make_shape(int64_t boxes, bool aligned, int32_t sampling_ratio)
{
    roi_align_shape shape = {1, 1, 6, 8, boxes, 2, 2, 1.0, sampling_ratio, aligned};
    return shape;
}

// F(y, x) = 10 y + x on 6 x 8 cells.
std::vector<double> make_ramp()
{
    std::vector<double> map;
    for (int y = 0; y < 6; y++) {
        for (int x = 0; x < 8; x++) {
            map.push_back(10.0 * y + x);
        }
    }
    return map;
}

std::vector<double> make_rois(const std::vector<const double *> &boxes)
{
    std::vector<double> rois;
    for (const double *box : boxes) {
        rois.push_back(0.0);
        rois.insert(rois.end(), box, box + 4);
    }
    return rois;
}

std::vector<double> pool(const roi_align_shape &shape, const std::vector<double> &map,
                         const std::vector<double> &rois)
{
    std::vector<double> output(static_cast<size_t>(shape.boxes * shape.channels *
                                                   shape.pooled_height * shape.pooled_width),
                               -1.0);
    EXPECT_EQ(roi_align_forward_double(&shape, map.data(), rois.data(), output.data()), SSLACT_OK)
        << sslact_error_get_message();
    return output;
}

void expect_table(bool aligned, int32_t sampling_ratio, const std::vector<double> &expected)
{
    roi_align_shape shape = make_shape(4, aligned, sampling_ratio);
    std::vector<double> output = pool(shape, make_ramp(), make_rois({box_a, box_b, box_c, box_d}));

    ASSERT_EQ(output.size(), expected.size());
    for (size_t i = 0; i < output.size(); i++) {
        EXPECT_NEAR(output[i], expected[i], 5e-7) << "value " << i; // the table has six decimals
    }
}

// The definition, step by step, one box and channel: returns [P, Q] and, for a gradient of ones
// times `weight`, adds to `gradient` what each sample gives its four corners.
struct Reference {
    const roi_align_shape &shape;
    const double *map;
    std::vector<double> *gradient;

    double sample(double y, double x, double weight) const
    {
        int64_t height = shape.height;
        int64_t width = shape.width;
        if (y < -1 || y > (double)height || x < -1 || x > (double)width) {
            return 0.0;
        }
        y = std::max(y, 0.0);
        x = std::max(x, 0.0);
        int64_t y0 = (int64_t)std::floor(y);
        int64_t x0 = (int64_t)std::floor(x);
        int64_t y1 = y0 + 1;
        int64_t x1 = x0 + 1;
        if (y0 >= height - 1) {
            y0 = y1 = height - 1;
            y = (double)y0;
        }
        if (x0 >= width - 1) {
            x0 = x1 = width - 1;
            x = (double)x0;
        }
        double ly = y - (double)y0;
        double lx = x - (double)x0;
        double w[4] = {(1 - ly) * (1 - lx), (1 - ly) * lx, ly * (1 - lx), ly * lx};
        int64_t at[4] = {y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1};
        double value = 0.0;
        for (int i = 0; i < 4; i++) {
            value += w[i] * map[at[i]];
            (*gradient)[(size_t)at[i]] += w[i] * weight;
        }
        return value;
    }

    std::vector<double> run(const double *box, const std::vector<double> &weights) const
    {
        double o = shape.aligned ? 0.5 : 0.0;
        double x1 = box[0] * shape.spatial_scale - o;
        double y1 = box[1] * shape.spatial_scale - o;
        double w = box[2] * shape.spatial_scale - o - x1;
        double h = box[3] * shape.spatial_scale - o - y1;
        if (!shape.aligned) {
            w = std::max(w, 1.0);
            h = std::max(h, 1.0);
        }
        double bw = w / (double)shape.pooled_width;
        double bh = h / (double)shape.pooled_height;
        int r = shape.sampling_ratio;
        int gw = r > 0 ? r : (int)std::ceil(bw);
        int gh = r > 0 ? r : (int)std::ceil(bh);
        double count = std::max(gw * gh, 1);
        std::vector<double> output;
        for (int64_t p = 0; p < shape.pooled_height; p++) {
            for (int64_t q = 0; q < shape.pooled_width; q++) {
                double sum = 0.0;
                double weight = weights[output.size()] / count;
                for (int iy = 0; iy < gh; iy++) {
                    for (int ix = 0; ix < gw; ix++) {
                        sum += sample(y1 + (double)p * bh + (iy + 0.5) * bh / gh,
                                      x1 + (double)q * bw + (ix + 0.5) * bw / gw, weight);
                    }
                }
                output.push_back(sum / count);
            }
        }
        return output;
    }
};

// A number in [-1, 1) that depends on i alone.
double make_number(uint32_t i)
{
    uint32_t h = i * 2654435761u + 12345u;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    return (double)h / 2147483648.0 - 1.0;
}

} // namespace

TEST(RoiAlign, GivesTheCheckValuesNotAlignedAdaptive)
{
    expect_table(false, 0,
                 {20.625, 23.475, 42.625, 45.475, 0.203704, 1.444444, 11.694444, 19.25, 57, 0, 0, 0,
                  46.75, 47.25, 51.75, 52.25});
}

TEST(RoiAlign, GivesTheCheckValuesNotAlignedTwoSamples)
{
    expect_table(false, 2,
                 {20.625, 23.475, 42.625, 45.475, 0, 0.875, 8.75, 19.25, 57, 0, 0, 0, 46.75, 47.25,
                  51.75, 52.25});
}

TEST(RoiAlign, GivesTheCheckValuesAlignedAdaptive)
{
    expect_table(
        true, 0,
        {15.125, 17.975, 37.125, 39.975, 0, 0.416667, 4.166667, 13.75, 57, 57, 57, 57, 0, 0, 0, 0});
}

TEST(RoiAlign, GivesTheCheckValuesAlignedTwoSamples)
{
    expect_table(true, 2,
                 {15.125, 17.975, 37.125, 39.975, 0, 0.625, 6.25, 13.75, 57, 57, 57, 57, 35.75,
                  35.25, 30.75, 30.25});
}

TEST(RoiAlign, SpreadsTheGradientOfBoxAAsTheCheckValuesSay)
{
    roi_align_shape shape = make_shape(1, false, 0);
    std::vector<double> rois = make_rois({box_a});
    std::vector<double> ones(4, 1.0);
    std::vector<double> gradient(48, -1.0);

    ASSERT_EQ(roi_align_backward_double(&shape, ones.data(), rois.data(), gradient.data()),
              SSLACT_OK);

    double total = 0.0;
    int used = 0;
    for (double value : gradient) {
        total += value;
        used += value != 0.0;
    }
    EXPECT_NEAR(total, 4.0, 1e-12);
    EXPECT_EQ(used, 35);
    const double row[8] = {0, .048148, .155556, .155556, .155556, .155556, .155556, .062963};
    for (int x = 0; x < 8; x++) {
        EXPECT_NEAR(gradient[(size_t)(2 * 8 + x)], row[x], 5e-7) << "column " << x;
    }
}

TEST(RoiAlign, AgreesWithTheDefinitionForManyBoxesSizesAndBothDirections)
{
    for (uint32_t trial = 0; trial < 200; trial++) {
        roi_align_shape shape = {2,
                                 3,
                                 1 + trial % 9,
                                 1 + trial % 11,
                                 3,
                                 1 + trial % 4,
                                 1 + trial % 5,
                                 trial % 2 ? 1.0 : 0.25,
                                 (int32_t)(trial % 3),
                                 trial % 7 < 3};
        int64_t area = shape.height * shape.width;
        int64_t bins = shape.pooled_height * shape.pooled_width;
        std::vector<double> map, rois, gradient;
        for (uint32_t i = 0; i < (uint32_t)(2 * 3 * area); i++) {
            map.push_back(make_number(i + 1000 * trial));
        }
        for (uint32_t k = 0; k < 3; k++) {
            rois.push_back(k % 2);
            for (uint32_t i = 0; i < 4; i++) {
                rois.push_back(20.0 * make_number(trial * 12 + k * 4 + i) + (i > 1 ? 8.0 : 2.0));
            }
        }
        for (uint32_t i = 0; i < (uint32_t)(3 * 3 * bins); i++) {
            gradient.push_back(make_number(i + 77));
        }

        std::vector<double> output = pool(shape, map, rois);
        std::vector<double> spread(map.size(), 9.0);
        ASSERT_EQ(roi_align_backward_double(&shape, gradient.data(), rois.data(), spread.data()),
                  SSLACT_OK);

        std::vector<double> expected_spread(map.size(), 0.0);
        for (int64_t k = 0; k < 3; k++) {
            for (int64_t c = 0; c < 3; c++) {
                int64_t plane = ((k % 2) * 3 + c) * area;
                int64_t place = (k * 3 + c) * bins;
                std::vector<double> added((size_t)area, 0.0);
                Reference reference = {shape, map.data() + plane, &added};
                std::vector<double> expected =
                    reference.run(rois.data() + k * 5 + 1,
                                  {gradient.begin() + place, gradient.begin() + place + bins});
                for (int64_t i = 0; i < bins; i++) {
                    EXPECT_NEAR(output[(size_t)(place + i)], expected[(size_t)i], 1e-12);
                }
                for (int64_t i = 0; i < area; i++) {
                    expected_spread[(size_t)(plane + i)] += added[(size_t)i];
                }
            }
        }
        for (size_t i = 0; i < spread.size(); i++) {
            EXPECT_NEAR(spread[i], expected_spread[i], 1e-12) << "trial " << trial;
        }
    }
}

TEST(RoiAlign, FloatAgreesWithDoubleToFloatPrecision)
{
    roi_align_shape shape = make_shape(3, false, 0);
    std::vector<double> map = make_ramp();
    std::vector<double> rois = make_rois({box_a, box_b, box_d});
    std::vector<float> float_map(map.begin(), map.end());
    std::vector<float> float_rois(rois.begin(), rois.end());
    std::vector<float> output(12);
    std::vector<float> gradient(48);

    ASSERT_EQ(roi_align_forward_float(&shape, float_map.data(), float_rois.data(), output.data()),
              SSLACT_OK);
    ASSERT_EQ(roi_align_backward_float(&shape, output.data(), float_rois.data(), gradient.data()),
              SSLACT_OK);

    std::vector<double> expected = pool(shape, map, rois);
    std::vector<double> expected_gradient(48);
    ASSERT_EQ(
        roi_align_backward_double(&shape, expected.data(), rois.data(), expected_gradient.data()),
        SSLACT_OK);
    for (size_t i = 0; i < 12; i++) {
        EXPECT_NEAR(output[i], expected[i], 1e-5 * (1.0 + std::fabs(expected[i])));
    }
    for (size_t i = 0; i < 48; i++) {
        EXPECT_NEAR(gradient[i], expected_gradient[i],
                    1e-5 * (1.0 + std::fabs(expected_gradient[i])));
    }
}

TEST(RoiAlign, TakesNoBoxesAndNoMaps)
{
    roi_align_shape shape = make_shape(0, false, 0);
    std::vector<double> gradient(48, 5.0);
    EXPECT_EQ(roi_align_forward_double(&shape, make_ramp().data(), nullptr, nullptr), SSLACT_OK);
    EXPECT_EQ(roi_align_backward_double(&shape, nullptr, nullptr, gradient.data()), SSLACT_OK);
    for (double value : gradient) {
        EXPECT_EQ(value, 0.0);
    }
    shape.batch = 0;
    EXPECT_EQ(roi_align_forward_double(&shape, nullptr, nullptr, nullptr), SSLACT_OK);
    EXPECT_EQ(roi_align_backward_double(&shape, nullptr, nullptr, nullptr), SSLACT_OK);
}

TEST(RoiAlign, PoolsABoxFarLargerThanTheMapWithoutWalkingOverItAll)
{
    // 5e8 samples a bin and axis fall outside; the few inside are shared by a huge count.
    const double box[4] = {-5e8, -5e8, 5e8, 5e8};
    roi_align_shape shape = make_shape(1, false, 0);
    std::vector<double> output = pool(shape, make_ramp(), make_rois({box}));

    for (double value : output) {
        EXPECT_GE(value, 0.0);
        EXPECT_LT(value, 1e-6);
    }
}

TEST(RoiAlign, RefusesBoxesOfNoMapAndCornersThatAreNoNumbersAndWritesNothing)
{
    roi_align_shape shape = make_shape(2, false, 0);
    std::vector<double> map = make_ramp();
    std::vector<double> output(8, 3.0);
    for (double bad : {-1.0, 1.0, std::nan("")}) {
        std::vector<double> rois = make_rois({box_a, box_b});
        rois[5] = bad;
        EXPECT_EQ(roi_align_forward_double(&shape, map.data(), rois.data(), output.data()),
                  SSLACT_ERROR_INVALID_ARGUMENT);
        EXPECT_NE(std::string(sslact_error_get_message()).find("rois[1][0]"), std::string::npos);
    }
    for (double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -2e9}) {
        std::vector<double> rois = make_rois({box_a, box_b});
        rois[8] = bad;
        EXPECT_EQ(roi_align_forward_double(&shape, map.data(), rois.data(), output.data()),
                  SSLACT_ERROR_INVALID_ARGUMENT);
        EXPECT_NE(std::string(sslact_error_get_message()).find("rois[1][3]"), std::string::npos);
    }
    shape.sampling_ratio = -1;
    EXPECT_EQ(roi_align_forward_double(&shape, map.data(), make_rois({box_a, box_b}).data(),
                                       output.data()),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(output, std::vector<double>(8, 3.0));
}
