// Ill-treated functions of loss.h: one line with the place and the value, and nothing written.

#include <functional>
#include <limits>

#include "loss_reference.h"
#include "loss_support.h"

namespace
{

using namespace test;

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

// Good arguments of every function, 6 boxes by 4 classes, and outputs with a known filling.
struct Arguments {
    Arguments()
        : batch(make_batch(6, 4, 1)), teacher({6, 4}, batch.zt), student({6, 4}, batch.zu),
          positive({4}, batch.T), negative({4}, batch.Tn), mask({6}, batch.m), labels({6, 4}),
          truth({6, 4}), classes({6}), out_labels({6, 4}), out_classes({6}), out_mask({6}),
          out_matrix({6, 4}), out_second({6, 4}), out_vector({4}), yes({6, 4}), no({6, 4})
    {
        SSLACT_INIT(options);
        SSLACT_INIT(balance_options);
        SSLACT_INIT(balance);
        balance.count = fitted;
        std::fill(out_labels.values.begin(), out_labels.values.end(), int8_t{55});
        std::fill(out_classes.values.begin(), out_classes.values.end(), 55);
        std::fill(out_mask.values.begin(), out_mask.values.end(), uint8_t{55});
        std::fill(out_matrix.values.begin(), out_matrix.values.end(), 55.0);
        std::fill(out_second.values.begin(), out_second.values.end(), 55.0);
        std::fill(out_vector.values.begin(), out_vector.values.end(), 55.0);
    }
    bool untouched() const
    {
        double sum = loss + second_loss + static_cast<double>(fitted[0] + fitted[1]);
        double filled = 4;
        const auto add = [&](const auto &values) {
            for (const auto value : values) {
                sum += static_cast<double>(value);
                filled += 1;
            }
        };
        add(out_labels.values);
        add(out_classes.values);
        add(out_mask.values);
        add(out_matrix.values);
        add(out_second.values);
        add(out_vector.values);
        return sum == 55.0 * filled;
    }

    sslact_status fit() { return sslact_loss_fit_balance(truth, &balance_options, &balance); }
    sslact_status assign_labels()
    {
        return sslact_loss_assign_labels(teacher, positive, negative, &options, out_labels);
    }
    sslact_status weigh()
    {
        return sslact_loss_weigh_labels(teacher, labels, positive, &options, out_matrix,
                                        out_second);
    }
    sslact_status assign_classes()
    {
        return sslact_loss_assign_classes(labels, count, &options, out_classes);
    }
    sslact_status sample()
    {
        return sslact_loss_sample_boxes(classes, probability, 1, iteration, half, &options,
                                        out_mask);
    }
    sslact_status bce()
    {
        return sslact_loss_compute_bce(student, yes, no, weight, mask, &options, &loss, out_matrix,
                                       out_second);
    }
    sslact_status penalty()
    {
        return sslact_loss_compute_penalty(positive, labels, weight, mask, &options, &loss,
                                           out_vector);
    }
    sslact_status unsupervised()
    {
        return sslact_loss_compute_unsupervised(teacher, student, positive, negative, weight, mask,
                                                penalty_weight, &options, &loss, &second_loss,
                                                out_matrix, out_vector);
    }

    Batch batch;
    Array<double> teacher, student, positive, negative;
    Array<uint8_t> mask;
    Array<int8_t> labels;
    Array<uint8_t> truth;
    Array<int32_t> classes;
    Array<int8_t> out_labels;
    Array<int32_t> out_classes;
    Array<uint8_t> out_mask;
    Array<double> out_matrix, out_second, out_vector, yes, no;
    int64_t count[4] = {4, 3, 2, 1};
    int64_t fitted[4] = {55, 55, 0, 0};
    double probability[4] = {0.5, 0.5, 0.5, 0.5};
    double weight[4] = {1, 1, 1, 1};
    double penalty_weight = 1.0, loss = 55.0, second_loss = 55.0;
    int64_t iteration = 0;
    sslact_half half = SSLACT_HALF_LABELED;
    sslact_loss_options options;
    sslact_balance_options balance_options;
    sslact_balance balance;
};

using Function = sslact_status (Arguments::*)();

// One change of the good arguments and the line that answers it.
struct Mistake {
    Function function;
    std::function<void(Arguments &)> make;
    std::string message;
    sslact_status status = SSLACT_ERROR_INVALID_ARGUMENT;
};

void expect_refusals(const std::vector<Mistake> &mistakes)
{
    for (const Mistake &mistake : mistakes) {
        SCOPED_TRACE(mistake.message);
        Arguments arguments;
        mistake.make(arguments);
        EXPECT_EQ((arguments.*mistake.function)(), mistake.status);
        EXPECT_EQ(sslact_error_get_message(), mistake.message);
        EXPECT_TRUE(arguments.untouched());
    }
}

const Function every_function[] = {
    &Arguments::fit,    &Arguments::assign_labels, &Arguments::weigh,   &Arguments::assign_classes,
    &Arguments::sample, &Arguments::bce,           &Arguments::penalty, &Arguments::unsupervised};

TEST(LossArguments, GoodOnesAreTaken)
{
    for (const Function function : every_function) {
        Arguments arguments;
        EXPECT_EQ((arguments.*function)(), SSLACT_OK) << sslact_error_get_message();
        EXPECT_FALSE(arguments.untouched());
    }
}

TEST(LossArguments, BadValuesAreNamedByTheirPlace)
{
    using A = Arguments;
    expect_refusals({
        {&A::unsupervised, [](A &a) { a.positive.values[3] = 1.2; },
         "positive_threshold[3]: 1.2, expected a number in [0, 1]"},
        {&A::unsupervised, [](A &a) { a.negative.values[0] = -0.1; },
         "negative_threshold[0]: -0.1, expected a number in [0, 1]"},
        {&A::unsupervised, [](A &a) { a.positive.values[2] = nan_value; },
         "positive_threshold[2]: nan, expected a number in [0, 1]"},
        {&A::unsupervised, [](A &a) { a.positive.values[2] = 0.0; },
         "positive_threshold[2]: 0, expected a number in (0, 1]"},
        {&A::unsupervised, [](A &a) { a.teacher.values[5] = nan_value; },
         "teacher_logits[1][1]: nan, expected a finite number"},
        {&A::unsupervised, [](A &a) { a.student.values[23] = infinite; },
         "student_logits[5][3]: inf, expected a finite number"},
        {&A::unsupervised, [](A &a) { a.mask.values[4] = 2; }, "mask[4]: 2, expected 0 or 1"},
        {&A::unsupervised, [](A &a) { a.weight[1] = -1.0; },
         "class_weight[1]: -1, expected a finite number, 0 or more"},
        {&A::unsupervised, [](A &a) { a.weight[1] = nan_value; },
         "class_weight[1]: nan, expected a finite number, 0 or more"},
        {&A::unsupervised, [](A &a) { a.penalty_weight = -1.0; },
         "penalty_weight: -1, expected a finite number, 0 or more"},
        {&A::assign_labels, [](A &a) { a.negative.values[1] = 7.0; },
         "negative_threshold[1]: 7, expected a number in [0, 1]"},
        {&A::weigh, [](A &a) { a.labels.values[22] = 3; }, "labels[5][2]: 3, expected -1, 0 or 1"},
        {&A::assign_classes, [](A &a) { a.labels.values[22] = -2; },
         "labels[5][2]: -2, expected -1, 0 or 1"},
        {&A::assign_classes, [](A &a) { a.count[3] = -5; }, "count[3]: -5, expected 0 or more"},
        {&A::sample, [](A &a) { a.probability[0] = 1.5; },
         "probability[0]: 1.5, expected a number in [0, 1]"},
        {&A::sample, [](A &a) { a.probability[0] = nan_value; },
         "probability[0]: nan, expected a number in [0, 1]"},
        {&A::sample, [](A &a) { a.classes.values[1] = -2; },
         "classes[1]: -2, expected -1 to 2147483646"},
        {&A::sample,
         [](A &a) {
             a.classes.values[1] = 4;
             a.options.class_count = 4;
         },
         "classes[1]: 4, expected -1 to 3"},
        {&A::sample,
         [](A &a) {
             a.probability[3] = -0.5; // no box has the class
             a.options.class_count = 4;
         },
         "probability[3]: -0.5, expected a number in [0, 1]"},
        {&A::sample, [](A &a) { a.iteration = -1; }, "iteration: -1, expected 0 or more"},
        {&A::sample, [](A &a) { a.half = static_cast<sslact_half>(2); },
         "half: 2, expected 0 (labelled) or 1 (unlabelled)"},
        {&A::bce, [](A &a) { a.student.values[0] = nan_value; },
         "logits[0][0]: nan, expected a finite number"},
        {&A::bce, [](A &a) { a.yes.values[7] = -0.5; },
         "positive_weight[1][3]: -0.5, expected a finite number, 0 or more"},
        {&A::bce, [](A &a) { a.no.values[7] = infinite; },
         "negative_weight[1][3]: inf, expected a finite number, 0 or more"},
        {&A::penalty, [](A &a) { a.positive.values[1] = 0.0; },
         "positive_threshold[1]: 0, expected a number in (0, 1]"},
        {&A::penalty, [](A &a) { a.labels.values[1] = 9; }, "labels[0][1]: 9, expected -1, 0 or 1"},
        {&A::fit, [](A &a) { a.truth.values[22] = 2; }, "labels[5][2]: 2, expected 0 or 1"},
    });
}

TEST(LossArguments, BadOptionsAreNamed)
{
    using A = Arguments;
    static const double minus = -1.0;
    static const int64_t weights[6] = {1, 1, 1, -3, 1, 1};
    expect_refusals({
        {&A::unsupervised, [](A &a) { a.options.label_mode = 3; },
         "label_mode: 3, expected 0 (hard), 1 (soft) or 2 (fixed)"},
        {&A::unsupervised, [](A &a) { a.options.penalty_scope = -1; },
         "penalty_scope: -1, expected 0 (all), 1 (positives) or 2 (per class)"},
        {&A::unsupervised, [](A &a) { a.options.slope = -2.0; },
         "slope: -2, expected a positive number, or 0 for 20"},
        {&A::unsupervised, [](A &a) { a.options.slope = nan_value; },
         "slope: nan, expected a positive number, or 0 for 20"},
        {&A::unsupervised, [](A &a) { a.options.normalise = 2; },
         "normalise: 2, expected 0 (all) or 1 (kept)"},
        {&A::sample, [](A &a) { a.options.drop_no_positive = 2; },
         "drop_no_positive: 2, expected 0 or 1"},
        {&A::sample, [](A &a) { a.options.first_row = -4; }, "first_row: -4, expected 0 or more"},
        {&A::sample, [](A &a) { a.options.class_count = -1; },
         "class_count: -1, expected 0 or more"},
        {&A::fit, [](A &a) { a.balance_options.beta = &minus; }, "beta: -1, expected 0 or more"},
        {&A::fit, [](A &a) { a.balance_options.gamma = &minus; }, "gamma: -1, expected 0 or more"},
        {&A::fit, [](A &a) { a.balance_options.tau_positive = 1.0; },
         "tau_positive: 1, expected a number between 0 and 1, or 0 for the default"},
        {&A::fit, [](A &a) { a.balance_options.tau_negative = nan_value; },
         "tau_negative: nan, expected a number between 0 and 1, or 0 for the default"},
        {&A::fit, [](A &a) { a.balance_options.mapping = 3; },
         "mapping: 3, expected 0 (concave), 1 (linear) or 2 (convex)"},
        {&A::fit, [](A &a) { a.balance_options.exact_cooccurrence = 5; },
         "exact_cooccurrence: 5, expected 0 or 1"},
        {&A::fit, [](A &a) { a.balance_options.negative_class_related = -1; },
         "negative_class_related: -1, expected 0 or 1"},
        {&A::fit, [](A &a) { a.balance_options.instance_weight = weights; },
         "instance_weight[3]: -3, expected 0 or more"},
        {&A::unsupervised, [](A &a) { a.options.struct_size = 31; },
         "options.struct_size is 31, prepare it with SSLACT_INIT"},
        {&A::fit, [](A &a) { a.balance_options.struct_size = 0; },
         "options.struct_size is 0, prepare it with SSLACT_INIT"},
        {&A::fit, [](A &a) { a.balance.struct_size = 55; },
         "out.struct_size is 55, prepare it with SSLACT_INIT"},
    });
}

TEST(LossArguments, BadTensorsAreDescribed)
{
    using A = Arguments;
    const char *const floats = "expected float32, float64, float16 or bfloat16";
    expect_refusals({
        {&A::unsupervised, [](A &a) { a.teacher.view.dtype = SSLACT_INT64; },
         std::string("teacher_logits: type int64, ") + floats},
        {&A::unsupervised, [](A &a) { a.student.view.dtype = 99; },
         std::string("student_logits: type 99, ") + floats},
        {&A::weigh, [](A &a) { a.labels.view.dtype = SSLACT_UINT8; },
         "labels: type uint8, expected int8"},
        {&A::assign_classes, [](A &a) { a.labels.view.dtype = SSLACT_INT32; },
         "labels: type int32, expected uint8 or int8"},
        {&A::fit, [](A &a) { a.truth.view.dtype = SSLACT_FLOAT32; },
         "labels: type float32, expected uint8"},
        {&A::unsupervised, [](A &a) { a.teacher.view.rank = 1; },
         "teacher_logits: rank 1, expected 2: [N, C]"},
        {&A::unsupervised, [](A &a) { a.teacher.view.rank = 9; },
         "teacher_logits: rank 9, expected 2: [N, C]"},
        {&A::unsupervised, [](A &a) { a.teacher.view.shape[1] = 0; },
         "teacher_logits: shape [6, 0], expected [N, C] with at least one class"},
        {&A::unsupervised, [](A &a) { a.teacher.view.shape[0] = -6; },
         "teacher_logits: shape [-6, 4], expected [N, C]"},
        {&A::unsupervised, [](A &a) { a.student.view.shape[0] = 5; },
         "student_logits: shape [5, 4], expected [6, 4]"},
        {&A::unsupervised, [](A &a) { a.positive.view.shape[0] = 3; },
         "positive_threshold: shape [3], expected [4]"},
        {&A::unsupervised, [](A &a) { a.mask.view.shape[0] = 5; }, "mask: shape [5], expected [6]"},
        {&A::unsupervised, [](A &a) { a.out_vector.view.shape[0] = 5; },
         "threshold_gradient: shape [5], expected [4]"},
        {&A::assign_labels, [](A &a) { a.out_labels.view.shape[1] = 3; },
         "labels: shape [6, 3], expected [6, 4]"},
        {&A::unsupervised, [](A &a) { a.teacher.view.data = nullptr; },
         "teacher_logits: data is NULL, expected memory of 24 elements"},
        {&A::unsupervised,
         [](A &a) { a.teacher.view.data = reinterpret_cast<char *>(a.teacher.view.data) + 1; },
         "teacher_logits: data is not aligned, expected a multiple of 8 bytes"},
        {&A::unsupervised,
         [](A &a) {
             a.teacher.view.stride[0] = INT64_MAX / 4;
             a.teacher.view.stride[1] = 1;
         },
         "teacher_logits: shape [6, 4] with strides [2305843009213693951, 1] does not fit into "
         "memory"},
        {&A::fit,
         [](A &a) {
             a.truth.view.shape[0] = INT64_MAX;
             a.truth.view.shape[1] = 4;
         },
         "labels: shape [9223372036854775807, 4] with strides [4, 1] does not fit into memory"},
        {&A::unsupervised,
         [](A &a) {
             a.out_matrix.view.stride[0] = 1;
             a.out_matrix.view.stride[1] = 6;
         },
         "student_gradient: strides [1, 6], expected a packed tensor for an output"},
        {&A::unsupervised, [](A &a) { a.teacher.view.device.type = 3; },
         "teacher_logits: device type 3 with index 0, expected SSLACT_CPU with 0 or SSLACT_CUDA"},
        {&A::unsupervised, [](A &a) { a.teacher.view.device.index = 1; },
         "teacher_logits: device type 1 with index 1, expected SSLACT_CPU with 0 or SSLACT_CUDA"},
        {&A::unsupervised,
         [](A &a) {
             a.student.view.device = {SSLACT_CUDA, 1};
         },
         "student_logits: on cuda:1, expected cpu like teacher_logits"},
        {&A::unsupervised,
         [](A &a) {
             a.out_vector.view.device = {SSLACT_CUDA, 0};
         },
         "threshold_gradient: on cuda:0, expected cpu like teacher_logits"},
        {&A::unsupervised, [](A &a) { a.out_matrix.view.data = a.student.values.data(); },
         "student_gradient: shares memory with student_logits, expected memory of its own"},
        {&A::unsupervised, [](A &a) { a.out_vector.view.data = &a.out_matrix.values[20]; },
         "threshold_gradient: shares memory with student_gradient, expected memory of its own"},
    });
}

TEST(LossArguments, FixedThresholdsMayBeZeroAndOne)
{
    Arguments arguments;
    arguments.options.label_mode = SSLACT_LABEL_FIXED;
    arguments.positive.values = {0.0, 1.0, 0.0, 1.0};
    EXPECT_EQ(arguments.unsupervised(), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(arguments.second_loss, 0.0);
}

// A program that was compiled with the first version of the header.
TEST(LossArguments, StructsOfTheFirstVersionAreTaken)
{
    Arguments arguments;
    arguments.options.struct_size = offsetof(sslact_loss_options, normalise);
    arguments.options.normalise = 77; // is not there for it
    EXPECT_EQ(arguments.unsupervised(), SSLACT_OK) << sslact_error_get_message();

    arguments.balance_options.struct_size = offsetof(sslact_balance_options, instance_weight);
    arguments.balance_options.negative_class_related = 77;
    arguments.balance.struct_size = offsetof(sslact_balance, sampled);
    arguments.balance.mean_count = -1.0;
    EXPECT_EQ(arguments.fit(), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(arguments.fitted[0], 0);
    EXPECT_EQ(arguments.balance.mean_count, -1.0);
}

TEST(LossArguments, WithoutCudaItsMemoryIsRefused)
{
    int32_t devices = 0;
    ASSERT_DONE_WELL(sslact_runtime_count_devices(SSLACT_CUDA, &devices));
    if (devices > 0) {
        GTEST_SKIP() << "there is a CUDA device";
    }
    Arguments arguments;
    for (Array<double> *array :
         {&arguments.teacher, &arguments.student, &arguments.positive, &arguments.negative,
          &arguments.out_matrix, &arguments.out_vector}) {
        array->view.device = {SSLACT_CUDA, 0};
    }
    arguments.mask.view.device = {SSLACT_CUDA, 0};
    expect_failure(arguments.unsupervised(), SSLACT_ERROR_UNSUPPORTED, {"cuda:0"});
    EXPECT_EQ(std::string(sslact_error_get_message()).find('\n'), std::string::npos);
    EXPECT_TRUE(arguments.untouched());
}

} // namespace
