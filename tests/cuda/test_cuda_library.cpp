// How libsslact.so comes by libsslact_cuda.so: from outside, against the built libraries, with and
// without a device. Nothing here is CUDA code: a tensor that claims to lie on cuda:0 is enough to
// ask for the device.
#include <gtest/gtest.h>

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/from_blob.h>

#include <cstdlib>
#include <string>

#include <dlfcn.h>

#include "sslact/sslact.h"

namespace
{

int32_t count_devices()
{
    int32_t count = -1;
    EXPECT_EQ(sslact_runtime_count_devices(SSLACT_CUDA, &count), SSLACT_OK)
        << sslact_error_get_message();
    return count;
}

// An array of the host's memory under the name of a device; nothing may read it.
at::Tensor claim_device(at::IntArrayRef shape, c10::DeviceIndex index)
{
    static float memory[64];
    const c10::Device device(c10::kCUDA, index);
    return at::for_blob(memory, shape)
        .options(at::TensorOptions().dtype(at::kFloat).device(device))
        .target_device(device)
        .make_tensor();
}

// What torch's user reads when the op is called for that device.
std::string refusal_of_op(c10::DeviceIndex index)
{
    const auto op =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("sslact::pseudo_labels", "")
            .typed<at::Tensor(const at::Tensor &, const at::Tensor &, const at::Tensor &)>();
    const at::Tensor logits = claim_device({2, 3}, index);
    const at::Tensor threshold = claim_device({3}, index);
    try {
        op.call(logits, threshold, threshold);
    } catch (const std::exception &error) {
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST(CudaLibrary, ADeviceThatIsNotThereIsRefusedByTheOpsInOneLine)
{
    const std::string text = refusal_of_op(99);

    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    if (const char *expected = std::getenv("SSLACT_TEST_EXPECTED")) {
        EXPECT_EQ(text, expected);
    } else if (count_devices() > 0) {
        EXPECT_NE(text.find("device \"cuda:99\" is not available: this machine has "),
                  std::string::npos)
            << text;
    } else {
#ifdef SSLACT_TEST_CUDA_LIBRARY
        const bool is_told = text == "device \"cuda:99\" is not available: no NVIDIA driver was "
                                     "found" ||
                             text == "device \"cuda:99\" is not available: this machine has no "
                                     "CUDA device";
        EXPECT_TRUE(is_told) << text;
#else
        EXPECT_EQ(text, "built without CUDA, device \"cuda:99\" is not available");
#endif
    }
}

TEST(CudaLibrary, AConfigWithADeviceThatIsNotThereIsRefusedBeforeAnythingIsMade)
{
    sslact_config *config = nullptr;
    sslact_model *model = nullptr;
    ASSERT_EQ(sslact_config_create(&config), SSLACT_OK);
    ASSERT_EQ(sslact_config_set(config, "run.device", "cuda:99"), SSLACT_OK);
    ASSERT_EQ(sslact_config_set(config, "model.preset", "slowfast_tiny"), SSLACT_OK)
        << sslact_error_get_message();

    EXPECT_EQ(sslact_config_validate(config), SSLACT_OK) << "it may be for another machine";
    EXPECT_EQ(sslact_model_create(config, &model), SSLACT_ERROR_UNSUPPORTED);

    EXPECT_NE(std::string(sslact_error_get_message()).find("device \"cuda:99\" is not available"),
              std::string::npos)
        << sslact_error_get_message();
    EXPECT_EQ(model, nullptr);
    sslact_config_free(config);
}

TEST(CudaLibrary, CountingDevicesNeverFails)
{
    EXPECT_GE(count_devices(), 0);
}

TEST(CudaLibrary, DevicesThatAreCountedAreDescribedAndNoOthers)
{
    const int32_t count = count_devices();
    sslact_device_info info;
    SSLACT_INIT(info);

    for (int32_t index = 0; index < count; index++) {
        ASSERT_EQ(sslact_runtime_describe_device({SSLACT_CUDA, index}, &info), SSLACT_OK)
            << sslact_error_get_message();
        EXPECT_NE(info.name[0], '\0');
        EXPECT_GT(info.memory_total_bytes, 0);
        EXPECT_GE(info.compute_major, 8);
    }
    EXPECT_EQ(sslact_runtime_describe_device({SSLACT_CUDA, count}, &info), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(sslact_runtime_describe_device({SSLACT_CUDA, -1}, &info), SSLACT_ERROR_NOT_FOUND);
}

TEST(CudaLibrary, TheBuildInfoNamesTheCudaRelease)
{
    const std::string info = sslact_runtime_get_build_info();
#ifdef SSLACT_TEST_CUDA_LIBRARY
    EXPECT_NE(info.find("\"cuda\": \"" SSLACT_TEST_CUDA_VERSION "\""), std::string::npos) << info;
#else
    EXPECT_NE(info.find("\"cuda\": null"), std::string::npos) << info;
#endif
}

#ifdef SSLACT_TEST_CUDA_LIBRARY
TEST(CudaLibrary, ItLoadsOnThisMachineAndGivesEveryOpACudaKernel)
{
    void *library = dlopen(SSLACT_TEST_CUDA_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();

    int ops = 0;
    for (const c10::OperatorName &name : c10::Dispatcher::singleton().getAllOpNames()) {
        if (name.name.rfind("sslact::", 0) == 0) {
            const auto op = c10::Dispatcher::singleton().findOp(name);
            ASSERT_TRUE(op.has_value());
            EXPECT_TRUE(op->hasKernelForDispatchKey(c10::DispatchKey::CUDA)) << name.name;
            // Where the library is not open yet, the ops open it.
            EXPECT_TRUE(op->hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutograd))
                << name.name;
            ops++;
        }
    }
    EXPECT_GE(ops, 11);
}
#endif
