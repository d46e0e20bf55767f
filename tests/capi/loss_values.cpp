// Losses, gradients, labels and weights of loss.h against plain loops, for every option, type and
// layout.

#include <functional>
#include <thread>

#include "loss_reference.h"
#include "loss_support.h"
#include "support/method_case.h"

namespace
{

using namespace test;

// A batch in the caller's memory, and room for everything that comes out.
template <typename Number> struct Call {
    explicit Call(const Batch &given)
        : batch(given), n(static_cast<int64_t>(given.n)), c(static_cast<int64_t>(given.c)),
          teacher({n, c}, given.zt), student({n, c}, given.zu), positive({c}, given.T),
          negative({c}, given.Tn), mask({n}, given.m), student_gradient({n, c}),
          threshold_gradient({c})
    {
        // What the library sees, after rounding to the type.
        batch.zt = teacher.doubles();
        batch.zu = student.doubles();
        batch.T = positive.doubles();
        batch.Tn = negative.doubles();
        SSLACT_INIT(options);
    }

    void compute()
    {
        ASSERT_DONE_WELL(sslact_loss_compute_unsupervised(
            teacher, student, positive, negative, batch.w.data(), mask, batch.lambda1, &options,
            &pseudo, &penalty, student_gradient, threshold_gradient));
    }
    Expected expected() const
    {
        const double a = options.slope == 0.0 ? 20.0 : options.slope;
        return expect_losses(batch, options.label_mode, options.penalty_scope, a,
                             options.normalise);
    }
    void expect_agreement(double tolerance, double loss_tolerance)
    {
        const Expected found = expected();
        compute();
        expect_close({pseudo}, {found.cls}, loss_tolerance, "L_cls");
        expect_close({penalty}, {found.reg}, loss_tolerance, "L_reg");
        expect_close(student_gradient.doubles(), found.dzu, tolerance, "student gradient");
        expect_threshold_gradient(found, tolerance);
    }
    // Its two parts may cancel: the tolerance is one of the parts.
    void expect_threshold_gradient(const Expected &found, double tolerance)
    {
        const std::vector<double> expected = found.dT(batch.lambda1);
        double magnitude = 0.0;
        for (size_t j = 0; j < expected.size(); ++j) {
            magnitude = std::max({magnitude, std::fabs(expected[j]), std::fabs(found.dT_cls[j]),
                                  batch.lambda1 * std::fabs(found.dT_reg[j])});
        }
        for (size_t j = 0; j < expected.size(); ++j) {
            EXPECT_NEAR(static_cast<double>(threshold_gradient.values[j]), expected[j],
                        tolerance * magnitude)
                << "threshold gradient " << j;
        }
    }

    Batch batch;
    int64_t n, c;
    Array<Number> teacher, student, positive, negative;
    Array<uint8_t> mask;
    sslact_loss_options options;
    double pseudo = -1.0, penalty = -1.0;
    Array<Number> student_gradient, threshold_gradient;
};

// Runs body for every combination of the options that a loss takes.
void for_every_option(const std::function<void(sslact_loss_options &)> &body)
{
    sslact_loss_options options;
    SSLACT_INIT(options);
    for (const int mode : {SSLACT_LABEL_HARD, SSLACT_LABEL_SOFT, SSLACT_LABEL_FIXED}) {
        for (const int scope :
             {SSLACT_PENALTY_ALL, SSLACT_PENALTY_POSITIVES, SSLACT_PENALTY_PER_CLASS}) {
            for (const int normalise : {SSLACT_NORMALISE_ALL, SSLACT_NORMALISE_KEPT}) {
                for (const double slope : {0.0, 6.5}) {
                    SCOPED_TRACE("mode " + std::to_string(mode) + " scope " +
                                 std::to_string(scope) + " normalise " + std::to_string(normalise) +
                                 " slope " + std::to_string(slope));
                    options.label_mode = mode;
                    options.penalty_scope = scope;
                    options.normalise = normalise;
                    options.slope = slope;
                    body(options);
                }
            }
        }
    }
}

template <typename Number> void expect_all_sizes(double tolerance, double loss_tolerance)
{
    uint32_t seed = 1;
    for (const size_t n : {1, 7, 60}) {
        for (const size_t c : {1, 24, 60, 65}) {
            SCOPED_TRACE("N " + std::to_string(n) + " C " + std::to_string(c));
            Call<Number> call(make_batch(n, c, seed++));
            call.batch.lambda1 = 0.7;
            for_every_option([&](const sslact_loss_options &options) {
                call.options = options;
                call.expect_agreement(tolerance, loss_tolerance);
            });
        }
    }
}

TEST(LossValues, OfTheFusedLossAgreeInDouble)
{
    expect_all_sizes<double>(1e-10, 1e-10);
}

TEST(LossValues, OfTheFusedLossAgreeInFloat)
{
    expect_all_sizes<float>(1e-5, 1e-5);
}

// One rounding of the result on top of single precision: half a unit of 11 and of 8 bits.
TEST(LossValues, OfTheFusedLossAgreeInSixteenBits)
{
    expect_all_sizes<Float16>(6e-4, 1e-5);
    expect_all_sizes<BFloat16>(4e-3, 1e-5);
}

TEST(LossValues, EachTensorMayHaveItsOwnType)
{
    const Batch batch = make_batch(5, 9, 3);
    Array<float> teacher({5, 9}, batch.zt);
    Array<BFloat16> student({5, 9}, batch.zu);
    Array<double> positive({9}, batch.T);
    Array<Float16> negative({9}, batch.Tn);
    Array<double> student_gradient({5, 9});
    Array<float> threshold_gradient({9});
    Batch rounded = batch;
    rounded.zt = teacher.doubles();
    rounded.zu = student.doubles();
    rounded.Tn = negative.doubles();
    rounded.w.assign(9, 1.0);
    rounded.m.assign(5, 1);
    const Expected found =
        expect_losses(rounded, SSLACT_LABEL_HARD, SSLACT_PENALTY_ALL, 20.0, SSLACT_NORMALISE_ALL);
    double pseudo = -1.0, penalty = -1.0;

    ASSERT_DONE_WELL(sslact_loss_compute_unsupervised(teacher, student, positive, negative, nullptr,
                                                      nullptr, 1.0, nullptr, &pseudo, &penalty,
                                                      student_gradient, threshold_gradient));

    expect_close({pseudo}, {found.cls}, 1e-5, "L_cls");
    expect_close({penalty}, {found.reg}, 1e-5, "L_reg");
    expect_close(student_gradient.doubles(), found.dzu, 1e-5, "student gradient");
    expect_close(threshold_gradient.doubles(), found.dT(1.0), 1e-5, "threshold gradient");
}

TEST(LossValues, LabelsAndWeightsAgree)
{
    for_every_option([](const sslact_loss_options &options) {
        Call<double> call(make_batch(7, 24, 5));
        call.options = options;
        const Expected found = call.expected();
        Array<int8_t> labels({7, 24});
        Array<double> positive({7, 24}), negative({7, 24});

        ASSERT_DONE_WELL(sslact_loss_assign_labels(call.teacher, call.positive, call.negative,
                                                   &options, labels));
        ASSERT_DONE_WELL(sslact_loss_weigh_labels(call.teacher, labels, call.positive, &options,
                                                  positive, negative));

        for (size_t k = 0; k < labels.values.size(); ++k) {
            EXPECT_EQ(labels.values[k], call.batch.label(k / 24, k % 24)) << k;
        }
        expect_close(positive.values, found.pc, 1e-14, "pc");
        EXPECT_EQ(negative.values, found.nc);
    });
}

TEST(LossValues, PartsAgreeWithTheFusedLoss)
{
    for_every_option([](const sslact_loss_options &options) {
        Call<double> call(make_batch(7, 24, 6));
        call.options = options;
        const Expected found = call.expected();
        Array<int8_t> labels({7, 24});
        for (size_t k = 0; k < labels.values.size(); ++k) {
            labels.values[k] = static_cast<int8_t>(call.batch.label(k / 24, k % 24));
        }
        Array<double> pc({7, 24}, found.pc), nc({7, 24}, found.nc), gradient({24});
        double pseudo = -1.0, penalty = -1.0;

        ASSERT_DONE_WELL(sslact_loss_compute_bce(call.student, pc, nc, call.batch.w.data(),
                                                 call.mask, &options, &pseudo,
                                                 call.student_gradient, nullptr));
        ASSERT_DONE_WELL(sslact_loss_compute_penalty(call.positive, labels, call.batch.w.data(),
                                                     call.mask, &options, &penalty, gradient));

        expect_close({pseudo}, {found.cls}, 1e-13, "L_cls");
        expect_close(call.student_gradient.values, found.dzu, 1e-13, "gradient");
        if (options.label_mode != SSLACT_LABEL_FIXED) {
            expect_close({penalty}, {found.reg}, 1e-13, "L_reg");
            expect_close(gradient.values, found.dT_reg, 1e-13, "threshold gradient");
        }
    });
}

TEST(LossValues, BceOfSoftTargetsAgrees)
{
    const Batch b = make_batch(7, 5, 8);
    std::vector<double> yes, no, slope;
    double expected = 0.0;
    for (size_t k = 0; k < 35; ++k) {
        const double q = sigmoid(b.zt[k]), factor = b.m[k / 5] * b.w[k % 5] / 35.0;
        yes.push_back(q);
        no.push_back(1.0 - q);
        expected += factor * (q * sp(-b.zu[k]) + (1.0 - q) * sp(b.zu[k]));
        slope.push_back(factor * sp(-b.zu[k]));
    }
    Array<double> student({7, 5}, b.zu), positive({7, 5}, yes), negative({7, 5}, no);
    Array<double> weight_gradient({7, 5});
    Array<uint8_t> mask({7}, b.m);
    double loss = -1.0;

    ASSERT_DONE_WELL(sslact_loss_compute_bce(student, positive, negative, b.w.data(), mask, nullptr,
                                             &loss, nullptr, weight_gradient));

    expect_close({loss}, {expected}, 1e-14, "loss");
    expect_close(weight_gradient.values, slope, 1e-14, "gradient for the positive weights");
}

// ---- numbers worked by hand ----

// t = 0.5 from a logit of 0: equal to a threshold is ignored, an overlap is positive.
TEST(LossValues, EqualityIsIgnoredAndAnOverlapIsPositive)
{
    Array<double> logits({1, 5}), positive({5}, std::vector<double>{0.5, 0.6, 0.6, 0.4, 0.4});
    Array<double> negative({5}, std::vector<double>{0.5, 0.5, 0.6, 0.1, 0.7});
    Array<int8_t> labels({1, 5});

    ASSERT_DONE_WELL(sslact_loss_assign_labels(logits, positive, negative, nullptr, labels));

    EXPECT_EQ(labels.values, (std::vector<int8_t>{-1, -1, 0, 1, 1}));
}

// method.md 2.3: with a = 20 the soft weight is 0.12 at T - 0.1 and 0.018 at T - 0.2.
TEST(LossValues, SoftWeightsBelowTheThresholdAreThoseOfTheSpecification)
{
    Array<double> logits({1, 2}), positive({2}, std::vector<double>{0.6, 0.7});
    Array<int8_t> labels({1, 2}, std::vector<int>{-1, -1});
    Array<double> pc({1, 2}), nc({1, 2});
    sslact_loss_options options;
    SSLACT_INIT(options);
    options.label_mode = SSLACT_LABEL_SOFT;

    ASSERT_DONE_WELL(sslact_loss_weigh_labels(logits, labels, positive, &options, pc, nc));
    EXPECT_NEAR(pc.values[0], 0.119202922, 1e-9); // sigmoid(-2)
    EXPECT_NEAR(pc.values[1], 0.017986210, 1e-9); // sigmoid(-4)
    EXPECT_EQ(nc.values, (std::vector<double>{0.0, 0.0}));

    options.slope = 10.0;
    ASSERT_DONE_WELL(sslact_loss_weigh_labels(logits, labels, positive, &options, pc, nc));
    EXPECT_NEAR(pc.values[0], 0.268941421, 1e-9); // sigmoid(-1)

    options.label_mode = SSLACT_LABEL_HARD;
    ASSERT_DONE_WELL(sslact_loss_weigh_labels(logits, labels, positive, &options, pc, nc));
    EXPECT_EQ(pc.values[0], 0.0); // ignored
}

// method.md 4: -log T + 2 T has its minimum 1 + ln 2 at T = 0.5.
TEST(LossValues, ThePenaltyIsLeastAtOneHalf)
{
    Array<double> positive({3}, std::vector<double>{0.5, 0.5, 0.5}), gradient({3});
    Array<uint8_t> mask({4}, std::vector<int>{1, 1, 1, 1});
    double loss = -1.0;

    ASSERT_DONE_WELL(
        sslact_loss_compute_penalty(positive, nullptr, nullptr, mask, nullptr, &loss, gradient));

    EXPECT_NEAR(loss, 1.693147180559945, 1e-15);
    EXPECT_EQ(gradient.values, (std::vector<double>{0.0, 0.0, 0.0}));
}

TEST(LossValues, ThePenaltyPerClassNeedsNoBoxes)
{
    Array<double> positive({2}, std::vector<double>{0.5, 0.25}), gradient({2});
    sslact_loss_options options;
    SSLACT_INIT(options);
    options.penalty_scope = SSLACT_PENALTY_PER_CLASS;
    double loss = -1.0;

    ASSERT_DONE_WELL(sslact_loss_compute_penalty(positive, nullptr, nullptr, nullptr, &options,
                                                 &loss, gradient));

    EXPECT_NEAR(loss, 0.5 * (1.693147180559945 + 1.886294361119891), 1e-15);
    EXPECT_EQ(gradient.values, (std::vector<double>{0.0, -1.0})); // (2 - 1/T) / 2
}

TEST(LossValues, GradientsAreThoseOfFiniteDifferences)
{
    const double step = 1e-6;
    for (const int mode : {SSLACT_LABEL_HARD, SSLACT_LABEL_SOFT}) {
        for (const int scope :
             {SSLACT_PENALTY_ALL, SSLACT_PENALTY_POSITIVES, SSLACT_PENALTY_PER_CLASS}) {
            Call<double> call(make_batch(6, 4, 11));
            call.options.label_mode = mode;
            call.options.penalty_scope = scope;
            call.batch.lambda1 = 0.4;
            call.compute();
            const std::vector<double> dz = call.student_gradient.values;
            const std::vector<double> dT = call.threshold_gradient.values;
            const auto difference = [&](double &value, bool whole) {
                const double kept = value;
                double loss[2];
                for (const int side : {0, 1}) {
                    value = kept + (side == 0 ? -step : step);
                    call.compute();
                    loss[side] = call.pseudo + (whole ? 0.4 * call.penalty : 0.0);
                }
                value = kept;
                return (loss[1] - loss[0]) / (2.0 * step);
            };
            for (size_t k = 0; k < dz.size(); ++k) {
                EXPECT_NEAR(dz[k], difference(call.student.values[k], false), 1e-8) << k;
            }
            for (size_t j = 0; j < dT.size(); ++j) {
                EXPECT_NEAR(dT[j], difference(call.positive.values[j], true), 1e-7) << j;
            }
        }
    }
}

// ---- defaults, empty batches, layouts ----

TEST(LossValues, NullStandsForTheDefaults)
{
    Call<double> call(make_batch(7, 5, 12));
    call.batch.w.assign(5, 1.0);
    call.batch.m.assign(7, 1);
    std::fill(call.mask.values.begin(), call.mask.values.end(), uint8_t{1});
    call.options.slope = 20.0;
    call.compute();
    double pseudo = -1.0, penalty = -1.0;
    Array<double> student_gradient({7, 5}), threshold_gradient({5});

    ASSERT_DONE_WELL(sslact_loss_compute_unsupervised(
        call.teacher, call.student, call.positive, call.negative, nullptr, nullptr, 1.0, nullptr,
        &pseudo, &penalty, student_gradient, threshold_gradient));

    EXPECT_EQ(pseudo, call.pseudo);
    EXPECT_EQ(penalty, call.penalty);
    EXPECT_EQ(student_gradient.values, call.student_gradient.values);
    EXPECT_EQ(threshold_gradient.values, call.threshold_gradient.values);
    ASSERT_DONE_WELL(sslact_loss_compute_unsupervised(call.teacher, call.student, call.positive,
                                                      call.negative, nullptr, nullptr, 1.0, nullptr,
                                                      &pseudo, &penalty, nullptr, nullptr));
    EXPECT_EQ(pseudo, call.pseudo);
}

TEST(LossValues, AnEmptyBatchHasNoLoss)
{
    for_every_option([](const sslact_loss_options &options) {
        Call<float> call(make_batch(0, 4, 1));
        call.options = options;
        call.threshold_gradient.values.assign(4, 5.0f);
        call.compute();
        EXPECT_EQ(call.pseudo, 0.0);
        EXPECT_EQ(call.penalty, 0.0);
        EXPECT_EQ(call.threshold_gradient.values, std::vector<float>(4, 0.0f));

        Array<float> nothing({0, 4});
        Array<int8_t> labels({0, 4});
        Array<int32_t> classes({0});
        Array<uint8_t> mask({0});
        const int64_t count[4] = {1, 2, 3, 4};
        const double probability[4] = {1, 1, 1, 1};
        double loss = -1.0, penalty = -1.0;
        EXPECT_DONE_WELL(
            sslact_loss_assign_labels(nothing, call.positive, call.negative, &options, labels));
        EXPECT_DONE_WELL(sslact_loss_assign_classes(labels, count, &options, classes));
        EXPECT_DONE_WELL(sslact_loss_sample_boxes(classes, probability, 1, 2, SSLACT_HALF_LABELED,
                                                  &options, mask));
        EXPECT_DONE_WELL(sslact_loss_compute_bce(nothing, nothing, nothing, nullptr, mask, &options,
                                                 &loss, nullptr, nullptr));
        EXPECT_DONE_WELL(sslact_loss_compute_penalty(call.positive, labels, nullptr, nullptr,
                                                     &options, &penalty, nullptr));
        EXPECT_EQ(loss, 0.0);
        EXPECT_EQ(penalty, 0.0);
    });
}

TEST(LossValues, NothingKeptIsNoLoss)
{
    for_every_option([](sslact_loss_options &options) {
        options.normalise = SSLACT_NORMALISE_KEPT;
        Call<double> call(make_batch(3, 4, 2));
        call.options = options;
        std::fill(call.mask.values.begin(), call.mask.values.end(), uint8_t{0});
        call.compute();
        EXPECT_EQ(call.pseudo, 0.0);
        EXPECT_EQ(call.penalty, 0.0);
        EXPECT_EQ(call.student_gradient.values, std::vector<double>(12, 0.0));
        EXPECT_EQ(call.threshold_gradient.values, std::vector<double>(4, 0.0));
    });
}

// reliability: probabilities of 0 and 1, thresholds at their clamp, a row without a label.
TEST(LossValues, ExtremeLogitsGiveFiniteNumbers)
{
    Batch b = make_batch(3, 3, 4);
    b.zt = {1e4, -1e4, 0.0, 1e4, 1e4, -1e4, 0.0, 0.0, 0.0};
    b.zu = {-1e4, 1e4, 1e4, 1e4, 0.0, -1e4, 1e4, -1e4, 0.0};
    b.T = {1e-3, 1.0 - 1e-3, 0.5};
    b.Tn = {1e-3, 0.1, 0.1};
    for_every_option([&](const sslact_loss_options &options) {
        Call<double> call(b);
        call.options = options;
        call.expect_agreement(1e-10, 1e-10);
        EXPECT_TRUE(std::isfinite(call.pseudo) && std::isfinite(call.penalty));
    });
}

// Strides that pack nothing: every second column of a wider array, a transposed one, one that runs
// backwards, one row for all.
TEST(LossValues, StridedInputsGiveTheSameBits)
{
    Call<float> call(make_batch(6, 5, 21));
    call.compute();
    const double pseudo = call.pseudo, penalty = call.penalty;
    const std::vector<float> dz = call.student_gradient.values;
    const std::vector<float> dT = call.threshold_gradient.values;
    Array<float> wide({6, 10}), turned({5, 6}), backwards({10});
    Array<uint8_t> third({18});
    for (size_t i = 0; i < 6; ++i) {
        for (size_t j = 0; j < 5; ++j) {
            wide.values[i * 10 + 2 * j] = call.teacher.values[i * 5 + j];
            turned.values[j * 6 + i] = call.student.values[i * 5 + j];
            backwards.values[9 - 2 * j] = call.positive.values[j];
        }
        third.values[3 * i] = call.mask.values[i];
    }
    call.teacher.view.data = wide.values.data();
    call.teacher.view.stride[0] = 10;
    call.teacher.view.stride[1] = 2;
    call.student.view.data = turned.values.data();
    call.student.view.stride[0] = 1;
    call.student.view.stride[1] = 6;
    call.positive.view.data = backwards.values.data() + 9;
    call.positive.view.stride[0] = -2;
    call.mask.view.data = third.values.data();
    call.mask.view.stride[0] = 3;

    call.compute();

    EXPECT_EQ(call.pseudo, pseudo);
    EXPECT_EQ(call.penalty, penalty);
    EXPECT_EQ(call.student_gradient.values, dz);
    EXPECT_EQ(call.threshold_gradient.values, dT);
    // Strides that say what packed memory is are packed.
    call.student_gradient.view.stride[0] = 5;
    call.student_gradient.view.stride[1] = 1;
    call.compute();
    EXPECT_EQ(call.student_gradient.values, dz);
}

TEST(LossValues, OneRowMayStandForAll)
{
    Batch b = make_batch(4, 3, 22);
    for (size_t k = 3; k < 12; ++k) {
        b.zt[k] = b.zt[k - 3];
    }
    Call<double> call(b);
    const Expected found = call.expected();
    call.teacher.view.stride[0] = 0;
    call.teacher.view.stride[1] = 1;

    call.compute();

    expect_close({call.pseudo}, {found.cls}, 1e-13, "L_cls");
}

TEST(LossValues, ACallLeavesItsInputsAndRepeatsBitForBit)
{
    Call<float> call(make_batch(33, 60, 23));
    const std::vector<float> teacher = call.teacher.values, student = call.student.values;
    const std::vector<uint8_t> mask = call.mask.values;
    call.compute();
    const std::vector<float> dz = call.student_gradient.values;
    const double pseudo = call.pseudo;

    call.compute();

    EXPECT_EQ(call.pseudo, pseudo);
    EXPECT_EQ(call.student_gradient.values, dz);
    EXPECT_EQ(call.teacher.values, teacher);
    EXPECT_EQ(call.student.values, student);
    EXPECT_EQ(call.mask.values, mask);
}

TEST(LossValues, AnyNumberOfThreadsMayCall)
{
    constexpr size_t threads = 6;
    std::vector<std::unique_ptr<Call<float>>> calls;
    std::vector<double> alone;
    for (uint32_t k = 0; k < threads; ++k) {
        calls.push_back(std::make_unique<Call<float>>(make_batch(20 + k, 24, 30 + k)));
        calls.back()->compute();
        alone.push_back(calls.back()->pseudo);
    }
    std::vector<std::thread> workers;
    std::vector<int> wrong(threads, 0);
    for (size_t k = 0; k < threads; ++k) {
        workers.emplace_back([&, k] {
            Call<float> &call = *calls[k];
            for (int round = 0; round < 50; ++round) {
                double pseudo = -1.0, penalty = -1.0;
                const sslact_status status = sslact_loss_compute_unsupervised(
                    call.teacher, call.student, call.positive, call.negative, call.batch.w.data(),
                    call.mask, 1.0, nullptr, &pseudo, &penalty, call.student_gradient, nullptr);
                wrong[k] += status != SSLACT_OK || pseudo != alone[k];
            }
        });
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    EXPECT_EQ(wrong, std::vector<int>(threads, 0));
}

// docs/losses.md: parts of a batch add up when each is multiplied by its share of the boxes.
TEST(LossValues, PartsOfABatchAddUpToTheWhole)
{
    const Batch whole = make_batch(10, 4, 40);
    Call<double> all(whole);
    all.compute();
    double pseudo = 0.0;
    std::vector<double> gradient(4, 0.0);
    for (const auto &[first, last] : {std::pair<size_t, size_t>{0, 3}, {3, 10}}) {
        Batch part = whole;
        part.n = last - first;
        part.zt.assign(whole.zt.begin() + static_cast<long>(first * 4),
                       whole.zt.begin() + static_cast<long>(last * 4));
        part.zu.assign(whole.zu.begin() + static_cast<long>(first * 4),
                       whole.zu.begin() + static_cast<long>(last * 4));
        part.m.assign(whole.m.begin() + static_cast<long>(first),
                      whole.m.begin() + static_cast<long>(last));
        Call<double> call(part);
        call.compute();
        pseudo += call.pseudo * static_cast<double>(part.n) / 10.0;
        for (size_t j = 0; j < 4; ++j) {
            gradient[j] += call.threshold_gradient.values[j] * static_cast<double>(part.n) / 10.0;
        }
    }
    expect_close({pseudo}, {all.pseudo}, 1e-13, "L_cls");
    expect_close(gradient, all.threshold_gradient.values, 1e-13, "threshold gradient");
}

} // namespace
