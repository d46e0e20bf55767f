// The functions of loss.h on CUDA memory: the same numbers as on the CPU, the same messages,
// nothing written on failure. Runs twice: with the kernels of cuda/ on the CPU by emulation
// (tests/cuda), in a libsslact_cuda.so of its own, and with the real one, where it skips without a
// device.
//
// SSLACT_TEST_CUDA_LIBRARY (environment) names the library that libsslact.so opens: its table gives
// this program device memory.

#include <cstdlib>

#include <dlfcn.h>

#include "capi/loss_reference.h"
#include "capi/loss_support.h"
#include "cuda/functions.h"
#include "support/method_case.h"

namespace
{

using namespace test;

const cuda_functions *find_functions()
{
    const char *path = std::getenv("SSLACT_TEST_CUDA_LIBRARY");
    void *handle = path != nullptr ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    void *symbol = handle != nullptr ? dlsym(handle, "sslact_cuda_get_functions") : nullptr;
    return symbol != nullptr ? reinterpret_cast<decltype(&sslact_cuda_get_functions)>(symbol)()
                             : nullptr;
}

const cuda_functions *const functions = find_functions();

class LossOnDevice : public testing::Test
{
protected:
    void SetUp() override
    {
        int count = 0;
        ASSERT_NE(functions, nullptr) << "SSLACT_TEST_CUDA_LIBRARY is not set or does not open";
        if (functions->count_devices(&count) != 0 || count == 0) {
            GTEST_SKIP() << "no CUDA device here";
        }
    }
};

// An array on the host with a copy on device 0; `view` is the device's.
template <typename Number> class DeviceArray
{
public:
    template <typename... Given>
    explicit DeviceArray(std::vector<int64_t> shape, const Given &...given)
        : host(std::move(shape), given...)
    {
        view = host.view;
        EXPECT_EQ(functions->allocate(bytes() + 1, &queue, &memory), 0);
        view.data = memory;
        view.device = {SSLACT_CUDA, 0};
        upload();
    }
    ~DeviceArray() { EXPECT_EQ(functions->release(memory, &queue), 0); }
    DeviceArray(const DeviceArray &) = delete;
    DeviceArray &operator=(const DeviceArray &) = delete;

    size_t bytes() const { return host.values.size() * sizeof(Number); }
    void upload()
    {
        EXPECT_EQ(functions->copy(memory, host.values.data(), bytes(), &queue), 0);
        EXPECT_EQ(functions->wait(&queue), 0);
    }
    const Array<Number> &download()
    {
        EXPECT_EQ(functions->copy(host.values.data(), memory, bytes(), &queue), 0);
        EXPECT_EQ(functions->wait(&queue), 0);
        return host;
    }
    operator sslact_tensor *() { return &view; }

    Array<Number> host;
    sslact_tensor view;

private:
    cuda_queue queue = {};
    void *memory = nullptr;
};

// A batch on the device, and room for what comes out.
template <typename Number> struct DeviceCall {
    explicit DeviceCall(const Batch &given)
        : batch(given), n(static_cast<int64_t>(given.n)), c(static_cast<int64_t>(given.c)),
          teacher({n, c}, given.zt), student({n, c}, given.zu), positive({c}, given.T),
          negative({c}, given.Tn), mask({n}, given.m), student_gradient({n, c}),
          threshold_gradient({c})
    {
        batch.zt = teacher.host.doubles();
        batch.zu = student.host.doubles();
        batch.T = positive.host.doubles();
        batch.Tn = negative.host.doubles();
        SSLACT_INIT(options);
    }
    sslact_status compute()
    {
        return sslact_loss_compute_unsupervised(teacher, student, positive, negative,
                                                batch.w.data(), mask, 0.7, &options, &pseudo,
                                                &penalty, student_gradient, threshold_gradient);
    }

    Batch batch;
    int64_t n, c;
    DeviceArray<Number> teacher, student, positive, negative;
    DeviceArray<uint8_t> mask;
    DeviceArray<Number> student_gradient, threshold_gradient;
    sslact_loss_options options;
    double pseudo = -1.0, penalty = -1.0;
};

template <typename Number> void expect_fused_loss(size_t n, size_t c, double tolerance)
{
    for (const int mode : {SSLACT_LABEL_HARD, SSLACT_LABEL_SOFT, SSLACT_LABEL_FIXED}) {
        for (const int scope :
             {SSLACT_PENALTY_ALL, SSLACT_PENALTY_POSITIVES, SSLACT_PENALTY_PER_CLASS}) {
            for (const int normalise : {SSLACT_NORMALISE_ALL, SSLACT_NORMALISE_KEPT}) {
                SCOPED_TRACE(std::to_string(mode) + " " + std::to_string(scope) + " " +
                             std::to_string(normalise));
                DeviceCall<Number> call(make_batch(n, c, 3));
                call.options.label_mode = mode;
                call.options.penalty_scope = scope;
                call.options.normalise = normalise;
                const Expected found = expect_losses(call.batch, mode, scope, 20.0, normalise);

                ASSERT_DONE_WELL(call.compute());

                expect_close({call.pseudo}, {found.cls}, tolerance, "L_cls");
                expect_close({call.penalty}, {found.reg}, tolerance, "L_reg");
                expect_close(call.student_gradient.download().doubles(), found.dzu, tolerance,
                             "student gradient");
                expect_close(call.threshold_gradient.download().doubles(), found.dT(0.7),
                             2 * tolerance, "threshold gradient");
            }
        }
    }
}

TEST_F(LossOnDevice, TheFusedLossAgreesWithPlainLoops)
{
    expect_fused_loss<double>(7, 24, 1e-10);
    expect_fused_loss<double>(60, 65, 1e-10);
    expect_fused_loss<float>(7, 24, 1e-5);
    expect_fused_loss<BFloat16>(7, 24, 4e-3);
    expect_fused_loss<double>(0, 5, 0.0);
}

TEST_F(LossOnDevice, LabelsClassesAndMasksEqualThoseOfTheCpu)
{
    const Batch batch = make_batch(60, 24, 4);
    DeviceCall<float> call(batch);
    std::vector<int64_t> count;
    std::vector<double> probability;
    for (int64_t j = 0; j < 24; ++j) {
        count.push_back((j * 7) % 24);
        probability.push_back(static_cast<double>(j % 5) / 5.0);
    }
    DeviceArray<int8_t> labels({60, 24});
    DeviceArray<int32_t> classes({60});
    DeviceArray<uint8_t> mask({60});
    DeviceArray<float> pc({60, 24}), nc({60, 24});
    Array<int8_t> host_labels({60, 24});
    Array<int32_t> host_classes({60});
    Array<uint8_t> host_mask({60});
    call.options.drop_no_positive = 1;

    ASSERT_DONE_WELL(
        sslact_loss_assign_labels(call.teacher, call.positive, call.negative, nullptr, labels));
    ASSERT_DONE_WELL(sslact_loss_assign_classes(labels, count.data(), nullptr, classes));
    ASSERT_DONE_WELL(sslact_loss_sample_boxes(classes, probability.data(), 5, 6,
                                              SSLACT_HALF_UNLABELED, &call.options, mask));
    ASSERT_DONE_WELL(
        sslact_loss_weigh_labels(call.teacher, labels, call.positive, nullptr, pc, nc));

    ASSERT_DONE_WELL(sslact_loss_assign_labels(call.teacher.host, call.positive.host,
                                               call.negative.host, nullptr, host_labels));
    ASSERT_DONE_WELL(sslact_loss_assign_classes(host_labels, count.data(), nullptr, host_classes));
    ASSERT_DONE_WELL(sslact_loss_sample_boxes(host_classes, probability.data(), 5, 6,
                                              SSLACT_HALF_UNLABELED, &call.options, host_mask));
    EXPECT_EQ(labels.download().values, host_labels.values);
    EXPECT_EQ(classes.download().values, host_classes.values);
    EXPECT_EQ(mask.download().values, host_mask.values);
    const Expected found = expect_losses(call.batch, SSLACT_LABEL_HARD, SSLACT_PENALTY_ALL, 20.0,
                                         SSLACT_NORMALISE_ALL);
    expect_close(pc.download().doubles(), found.pc, 1e-6, "pc");
    EXPECT_EQ(nc.download().doubles(), found.nc);
}

TEST_F(LossOnDevice, PartsOfTheLossAgreeWithPlainLoops)
{
    DeviceCall<double> call(make_batch(9, 5, 5));
    const Expected found = expect_losses(call.batch, SSLACT_LABEL_HARD, SSLACT_PENALTY_POSITIVES,
                                         20.0, SSLACT_NORMALISE_ALL);
    call.options.penalty_scope = SSLACT_PENALTY_POSITIVES;
    DeviceArray<double> pc({9, 5}, found.pc), nc({9, 5}, found.nc);
    DeviceArray<int8_t> labels({9, 5});
    ASSERT_DONE_WELL(
        sslact_loss_assign_labels(call.teacher, call.positive, call.negative, nullptr, labels));

    ASSERT_DONE_WELL(sslact_loss_compute_bce(call.student, pc, nc, call.batch.w.data(), call.mask,
                                             nullptr, &call.pseudo, call.student_gradient,
                                             nullptr));
    ASSERT_DONE_WELL(sslact_loss_compute_penalty(call.positive, labels, call.batch.w.data(),
                                                 call.mask, &call.options, &call.penalty,
                                                 call.threshold_gradient));

    expect_close({call.pseudo}, {found.cls}, 1e-13, "L_cls");
    expect_close({call.penalty}, {found.reg}, 1e-13, "L_reg");
    expect_close(call.student_gradient.download().values, found.dzu, 1e-13, "gradient");
    expect_close(call.threshold_gradient.download().values, found.dT_reg, 1e-13, "gradient of T");
}

TEST_F(LossOnDevice, StridedInputsGiveTheSameBits)
{
    DeviceCall<float> call(make_batch(6, 5, 21));
    ASSERT_DONE_WELL(call.compute());
    const double pseudo = call.pseudo;
    const std::vector<float> dz = call.student_gradient.download().values;
    DeviceArray<float> turned({5, 6});
    for (size_t k = 0; k < 30; ++k) {
        turned.host.values[k % 5 * 6 + k / 5] = call.student.host.values[k];
    }
    turned.upload();
    call.student.view.data = turned.view.data;
    call.student.view.stride[0] = 1;
    call.student.view.stride[1] = 6;

    ASSERT_DONE_WELL(call.compute());

    EXPECT_EQ(call.pseudo, pseudo);
    EXPECT_EQ(call.student_gradient.download().values, dz);
}

TEST_F(LossOnDevice, DefaultsNeedNeitherWeightsNorMask)
{
    Batch batch = make_batch(6, 5, 22);
    batch.w.assign(5, 1.0);
    batch.m.assign(6, 1);
    DeviceCall<double> call(batch);
    ASSERT_DONE_WELL(call.compute());
    double pseudo = -1.0, penalty = -1.0;

    ASSERT_DONE_WELL(sslact_loss_compute_unsupervised(call.teacher, call.student, call.positive,
                                                      call.negative, nullptr, nullptr, 0.7, nullptr,
                                                      &pseudo, &penalty, nullptr, nullptr));

    EXPECT_EQ(pseudo, call.pseudo);
    EXPECT_EQ(penalty, call.penalty);
}

TEST_F(LossOnDevice, TheBalanceIsFittedToLabelsOfTheDevice)
{
    DeviceArray<uint8_t> labels({4, 3}, std::vector<int>{1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0});
    const int64_t times[4] = {6, 2, 1, 1};
    int64_t count[3];
    sslact_balance_options options;
    SSLACT_INIT(options);
    options.instance_weight = times;
    sslact_balance out;
    SSLACT_INIT(out);
    out.count = count;

    ASSERT_DONE_WELL(sslact_loss_fit_balance(labels, &options, &out));

    EXPECT_EQ(std::vector<int64_t>(count, count + 3), (std::vector<int64_t>{9, 3, 1}));
    labels.host.values[4] = 7;
    labels.upload();
    expect_failure(sslact_loss_fit_balance(labels, &options, &out), SSLACT_ERROR_INVALID_ARGUMENT,
                   {"labels[1][1]: 7, expected 0 or 1"});
}

TEST_F(LossOnDevice, BadValuesAreNamedAndNothingIsWritten)
{
    DeviceCall<float> call(make_batch(6, 5, 23));
    call.student_gradient.host.values.assign(30, 55.0f);
    call.student_gradient.upload();
    const auto refused = [&](const char *message) {
        expect_failure(call.compute(), SSLACT_ERROR_INVALID_ARGUMENT, {message});
        EXPECT_EQ(call.student_gradient.download().values, std::vector<float>(30, 55.0f));
        EXPECT_EQ(call.pseudo, -1.0);
    };
    const float threshold = std::exchange(call.positive.host.values[3], 1.25f);
    call.positive.upload();
    refused("positive_threshold[3]: 1.25, expected a number in [0, 1]");
    call.positive.host.values[3] = 0.0f;
    call.positive.upload();
    refused("positive_threshold[3]: 0, expected a number in (0, 1]");
    call.positive.host.values[3] = threshold;
    call.positive.upload();
    call.teacher.host.values[7] = NAN;
    call.teacher.upload();
    refused("teacher_logits[1][2]: nan, expected a finite number");
    call.teacher.host.values[7] = 0.0f;
    call.teacher.upload();
    call.batch.w[4] = -1.0;
    refused("class_weight[4]: -1, expected a finite number, 0 or more");
    call.batch.w[4] = 1.0;
    call.mask.view.device = {SSLACT_CPU, 0};
    refused("mask: on cpu, expected cuda:0 like teacher_logits");
}

TEST_F(LossOnDevice, MemoryOfTheHostIsNoMemoryOfTheDevice)
{
    DeviceCall<float> call(make_batch(6, 5, 24));
    call.student.view.data = call.student.host.values.data();
    expect_failure(call.compute(), SSLACT_ERROR_INVALID_ARGUMENT,
                   {"student_logits: data points to memory of the host, expected cuda:0"});
}

TEST_F(LossOnDevice, ADeviceThatIsNotThereIsRefused)
{
    DeviceCall<float> call(make_batch(6, 5, 25));
    for (sslact_tensor *view :
         {&call.teacher.view, &call.student.view, &call.positive.view, &call.negative.view,
          &call.mask.view, &call.student_gradient.view, &call.threshold_gradient.view}) {
        view->device.index = 99;
    }
    expect_failure(call.compute(), SSLACT_ERROR_UNSUPPORTED, {"cuda:99", "is not available"});
}

} // namespace
