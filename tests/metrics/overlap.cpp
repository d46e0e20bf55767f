// Box overlap and the area under a curve by themselves.
#include "metrics/overlap.h"
#include "metrics/average_precision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace
{

TEST(Overlap, IsIntersectionOverUnionWithPlainDifferences)
{
    overlap_box a = {0.0, 0.0, 2.0, 2.0};
    overlap_box b = {1.0, 1.0, 3.0, 3.0};

    EXPECT_DOUBLE_EQ(overlap_compute(&a, &b), 1.0 / 7.0);
    EXPECT_DOUBLE_EQ(overlap_compute(&a, &a), 1.0);
}

TEST(Overlap, OfTouchingAndOfEmptyBoxesIsZero)
{
    overlap_box a = {0.0, 0.0, 1.0, 1.0};
    overlap_box touching = {1.0, 0.0, 2.0, 1.0};
    overlap_box point = {0.5, 0.5, 0.5, 0.5};

    EXPECT_EQ(overlap_compute(&a, &touching), 0.0);
    EXPECT_EQ(overlap_compute(&point, &point), 0.0);
}

TEST(Overlap, IsSymmetricBoundedAndUntouchedByScaleToPowersOfTwo)
{
    std::mt19937 random(1);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    for (int i = 0; i < 2000; i++) {
        overlap_box a = {uniform(random), uniform(random), 0, 0};
        overlap_box b = {uniform(random), uniform(random), 0, 0};
        a.x2 = a.x1 + uniform(random), a.y2 = a.y1 + uniform(random);
        b.x2 = b.x1 + uniform(random), b.y2 = b.y1 + uniform(random);
        overlap_box c = {a.x1 * 4, a.y1 * 4, a.x2 * 4, a.y2 * 4};
        overlap_box d = {b.x1 * 4, b.y1 * 4, b.x2 * 4, b.y2 * 4};

        double overlap = overlap_compute(&a, &b);

        EXPECT_EQ(overlap, overlap_compute(&b, &a));
        EXPECT_EQ(overlap, overlap_compute(&c, &d));
        EXPECT_GE(overlap, 0.0);
        EXPECT_LE(overlap, 1.0);
    }
}

TEST(AveragePrecision, RecallBeyondTheLastDetectionContributesNothing)
{
    const bool hits[] = {true, true};
    double precision[2], recall[2];

    EXPECT_DOUBLE_EQ(average_precision_compute(hits, 2, 8, precision, recall), 0.25);
    EXPECT_DOUBLE_EQ(recall[1], 0.25);
}

TEST(AveragePrecision, WithoutPositivesIsUndefinedAndWithoutDetectionsZero)
{
    double nothing;

    EXPECT_TRUE(std::isnan(average_precision_compute(nullptr, 0, 0, &nothing, &nothing)));
    EXPECT_EQ(average_precision_compute(nullptr, 0, 3, &nothing, &nothing), 0.0);
}

} // namespace
