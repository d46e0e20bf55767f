// Pseudo-labels counted by hand: two classes, boxes one can go through with a finger.
#include "metrics/pseudo_quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace
{

struct Counts {
    explicit Counts(int32_t classes)
        : totals(PSEUDO_TOTAL_COUNT), labels(static_cast<size_t>(PSEUDO_LABEL_COUNT * classes)),
          truth(static_cast<size_t>(PSEUDO_TRUTH_COUNT * classes)),
          bins(static_cast<size_t>(2 * classes * PSEUDO_BINS)),
          scores(static_cast<size_t>(classes * PSEUDO_BINS)), view{classes,       totals.data(),
                                                                   labels.data(), truth.data(),
                                                                   bins.data(),   scores.data()}
    {
    }
    std::vector<int64_t> totals, labels, truth, bins;
    std::vector<double> scores;
    pseudo_counts view;
};

float logit(double t)
{
    return static_cast<float>(std::log(t / (1.0 - t)));
}

// Five boxes, two classes. Box 3 is of unknown truth, boxes 1 and 4 are masked out.
struct FiveBoxes {
    //                      class 0, 1 of each box
    std::vector<int8_t> labels = {1, 0, 1, 1, -1, 0, 1, -1, 0, 0};
    std::vector<int32_t> rarest = {0, 1, -1, 0, -1};
    std::vector<uint8_t> mask = {1, 0, 1, 1, 0};
    std::vector<uint8_t> carries_both = {1, 1}, carries_none = {0, 0}, carries_second = {0, 1};
    std::vector<const uint8_t *> truth = {carries_both.data(), carries_none.data(),
                                          carries_both.data(), nullptr, carries_second.data()};
    std::vector<float> logits = {logit(0.95), logit(0.05), logit(0.75), logit(0.95), logit(0.45),
                                 logit(0.05), logit(0.9),  logit(0.5),  logit(0.02), logit(0.05)};

    pseudo_rows rows(bool with_truth = true) const
    {
        return {5,
                labels.data(),
                rarest.data(),
                mask.data(),
                with_truth ? truth.data() : nullptr,
                with_truth ? logits.data() : nullptr};
    }
};

TEST(PseudoCounts, CountLabelsMaskAndRarestClassOfEveryBox)
{
    const FiveBoxes boxes;
    const Counts counts(2);
    const pseudo_rows rows = boxes.rows(false);

    pseudo_counts_add(&counts.view, &rows);

    EXPECT_EQ(counts.totals, (std::vector<int64_t>{1, 5, 3}));
    const pseudo_quality first = pseudo_quality_compute(&counts.view, 0);
    EXPECT_EQ(first.positives, 3);
    EXPECT_EQ(first.negatives, 1);
    EXPECT_EQ(first.ignored, 1);
    EXPECT_DOUBLE_EQ(first.positive_share, 0.6);
    EXPECT_DOUBLE_EQ(first.kept_share, 2.0 / 3.0) << "boxes 0 and 3 of 0, 1 and 3";
    EXPECT_DOUBLE_EQ(first.rarest_kept_share, 1.0) << "rarest in boxes 0 and 3, both kept";
    const pseudo_quality second = pseudo_quality_compute(&counts.view, 1);
    EXPECT_EQ(second.positives, 1);
    EXPECT_EQ(second.negatives, 3);
    EXPECT_EQ(second.ignored, 1);
    EXPECT_DOUBLE_EQ(second.kept_share, 0.0);
    EXPECT_DOUBLE_EQ(second.rarest_kept_share, 0.0);
    EXPECT_EQ(second.known, 0);
    EXPECT_TRUE(std::isnan(second.precision) && std::isnan(second.recall) &&
                std::isnan(second.negative_precision) && std::isnan(second.calibration_error));
}

TEST(PseudoQuality, MeasuresPositivesAndNegativesAgainstTheTruth)
{
    const FiveBoxes boxes;
    const Counts counts(2);
    const pseudo_rows rows = boxes.rows();

    pseudo_counts_add(&counts.view, &rows);

    // Class 0: boxes 0 (1, true), 1 (1, false), 2 (-1, true), 4 (0, false).
    const pseudo_quality first = pseudo_quality_compute(&counts.view, 0);
    EXPECT_EQ(first.known, 4);
    EXPECT_EQ(first.truth, 2);
    EXPECT_DOUBLE_EQ(first.precision, 0.5);
    EXPECT_DOUBLE_EQ(first.recall, 0.5) << "box 2 is truly in it and was ignored";
    EXPECT_DOUBLE_EQ(first.negative_precision, 1.0);
    // Class 1: boxes 0 (0, true), 1 (1, false), 2 (0, true), 4 (0, true).
    const pseudo_quality second = pseudo_quality_compute(&counts.view, 1);
    EXPECT_DOUBLE_EQ(second.precision, 0.0);
    EXPECT_DOUBLE_EQ(second.recall, 0.0);
    EXPECT_DOUBLE_EQ(second.negative_precision, 0.0);
    // Both together.
    const pseudo_quality all = pseudo_quality_compute(&counts.view, -1);
    EXPECT_EQ(all.positives, 4);
    EXPECT_EQ(all.known, 8);
    EXPECT_DOUBLE_EQ(all.precision, 1.0 / 3.0);
    EXPECT_DOUBLE_EQ(all.recall, 1.0 / 5.0);
    EXPECT_DOUBLE_EQ(all.negative_precision, 1.0 / 4.0);
}

TEST(PseudoQuality, CalibrationErrorIsTheMeanGapOfTheBins)
{
    const FiveBoxes boxes;
    const Counts counts(2);
    const pseudo_rows rows = boxes.rows();

    pseudo_counts_add(&counts.view, &rows);

    // Class 0, four boxes in bins of their own: |0.95 - 1|, |0.75 - 0|, |0.45 - 1|, |0.02 - 0|.
    EXPECT_NEAR(pseudo_quality_compute(&counts.view, 0).calibration_error,
                (0.05 + 0.75 + 0.55 + 0.02) / 4.0, 1e-6);
    // Class 1: 0.05 three times, truly in it (one bin: |0.15 - 3|), and 0.95, not in it.
    EXPECT_NEAR(pseudo_quality_compute(&counts.view, 1).calibration_error, (2.85 + 0.95) / 4.0,
                1e-6);
}

TEST(PseudoQuality, BinsAreFifteenthsOfTheScoreAndOneIsInTheLast)
{
    EXPECT_EQ(pseudo_quality_find_bin(0.0), 0);
    EXPECT_EQ(pseudo_quality_find_bin(0.0666), 0);
    EXPECT_EQ(pseudo_quality_find_bin(0.0667), 1);
    EXPECT_EQ(pseudo_quality_find_bin(0.5), 7);
    EXPECT_EQ(pseudo_quality_find_bin(0.9333), 13);
    EXPECT_EQ(pseudo_quality_find_bin(0.9334), 14);
    EXPECT_EQ(pseudo_quality_find_bin(1.0), 14);
    EXPECT_EQ(pseudo_quality_find_bin(NAN), 0);
}

TEST(PseudoCounts, AddUpOverIterationsAndOverMerges)
{
    const FiveBoxes boxes;
    const Counts twice(2), once(2), merged(2);
    const pseudo_rows rows = boxes.rows();
    pseudo_counts_add(&twice.view, &rows);
    pseudo_counts_add(&twice.view, &rows);
    pseudo_counts_add(&once.view, &rows);

    pseudo_counts_merge(&merged.view, &once.view);
    pseudo_counts_merge(&merged.view, &once.view);

    EXPECT_EQ(merged.totals, twice.totals);
    EXPECT_EQ(merged.labels, twice.labels);
    EXPECT_EQ(merged.truth, twice.truth);
    EXPECT_EQ(merged.bins, twice.bins);
    EXPECT_EQ(merged.totals[PSEUDO_BOXES], 10);
    pseudo_counts_clear(&merged.view);
    EXPECT_EQ(merged.labels, std::vector<int64_t>(merged.labels.size(), 0));
    EXPECT_EQ(merged.scores, std::vector<double>(merged.scores.size(), 0.0));
}

TEST(PseudoCounts, IterationsWithoutABoxAddNothingButThemselves)
{
    const Counts counts(2);
    const pseudo_rows rows = {0, nullptr, nullptr, nullptr, nullptr, nullptr};

    pseudo_counts_add(&counts.view, &rows);

    EXPECT_EQ(counts.totals, (std::vector<int64_t>{1, 0, 0}));
    EXPECT_TRUE(std::isnan(pseudo_quality_compute(&counts.view, -1).positive_share));
}

// ---- silence ----

// Three classes, the last without a labelled instance; silent after three iterations.
struct Silence {
    std::vector<int64_t> length = {0, 0, 0, 0}, warned = {0, 0, 0, 0}, labeled = {5, 2, 0};
    pseudo_silence view{3, 3, length.data(), warned.data()};

    std::vector<uint8_t> step(std::vector<int64_t> positives)
    {
        std::vector<uint8_t> changes(4, 9);
        pseudo_silence_step(&view, positives.data(), labeled.data(), changes.data());
        return changes;
    }
};

using Changes = std::vector<uint8_t>;
const Changes nothing = {0, 0, 0, 0};

TEST(PseudoSilence, IsReportedOnceAStretchAndOnceWhenItEnds)
{
    Silence silence;

    EXPECT_EQ(silence.step({1, 0, 0}), nothing);
    EXPECT_EQ(silence.step({1, 0, 0}), nothing);
    EXPECT_EQ(silence.step({1, 0, 0}), (Changes{0, PSEUDO_SILENT, 0, 0})) << "not the unlabelled";
    EXPECT_EQ(silence.step({1, 0, 0}), nothing);
    EXPECT_EQ(silence.step({1, 2, 0}), (Changes{0, PSEUDO_HEARD, 0, 0}));
    EXPECT_EQ(silence.step({1, 0, 0}), nothing);
    EXPECT_EQ(silence.step({1, 0, 0}), nothing);
    EXPECT_EQ(silence.step({1, 0, 0}), (Changes{0, PSEUDO_SILENT, 0, 0})) << "a new stretch";
    EXPECT_EQ(silence.length[2], 8) << "counted, though not expected to be heard";
}

TEST(PseudoSilence, OfEverythingIsOneReportAndNotOneAClass)
{
    Silence silence;
    silence.step({0, 0, 0});
    silence.step({0, 0, 0});

    EXPECT_EQ(silence.step({0, 0, 0}), (Changes{0, 0, 0, PSEUDO_SILENT}));
    EXPECT_EQ(silence.step({0, 0, 0}), nothing);
    EXPECT_EQ(silence.step({0, 1, 0}), (Changes{PSEUDO_SILENT, 0, 0, PSEUDO_HEARD}))
        << "who is still silent is named now";
}

} // namespace
