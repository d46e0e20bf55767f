// How a config divides the processors between tensors and the reading of clips.

#include <cstdlib>
#include <string>
#include <utility>

#include <sched.h>

#include "capi_support.h"

namespace
{

using namespace test;

// {threads of a tensor operation, threads that read clips}
std::pair<int, int> count_threads(const Config &config)
{
    int32_t tensor = -1, loader = -1;
    EXPECT_EQ(sslact_config_count_threads(config, &tensor, &loader), SSLACT_OK);
    return {tensor, loader};
}

int count_processors()
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

// A variable of the environment for the time of a test.
class Variable
{
public:
    Variable(const char *name, const char *value) : name_(name)
    {
        const char *before = std::getenv(name);
        was_set_ = before != nullptr;
        before_ = was_set_ ? before : "";
        if (value != nullptr) {
            setenv(name, value, 1);
        } else {
            unsetenv(name);
        }
    }
    ~Variable()
    {
        if (was_set_) {
            setenv(name_, before_.c_str(), 1);
        } else {
            unsetenv(name_);
        }
    }

private:
    const char *name_;
    bool was_set_;
    std::string before_;
};

TEST(Threads, AreThoseOfTheConfigWhereItNamesThem)
{
    const Variable omp("OMP_NUM_THREADS", "3");
    Config config = tiny_config();
    ASSERT_EQ(sslact_config_set(config, "run.threads", "5"), SSLACT_OK);
    ASSERT_EQ(sslact_config_set(config, "run.loader_threads", "7"), SSLACT_OK);
    EXPECT_EQ(count_threads(config), std::make_pair(5, 7));
}

TEST(Threads, OfTensorsFollowTheEnvironment)
{
    Config config = tiny_config();
    ASSERT_EQ(sslact_config_set(config, "run.threads", "0"), SSLACT_OK);
    const Variable mkl("MKL_NUM_THREADS", "6");
    for (const auto &[value, expected] : {std::pair{"3", 3}, {"4,2", 4}}) {
        const Variable omp("OMP_NUM_THREADS", value);
        EXPECT_EQ(count_threads(config).first, expected);
    }
    for (const char *none : {"", "0", "-2", "many", "99999"}) {
        const Variable omp("OMP_NUM_THREADS", none);
        EXPECT_EQ(count_threads(config).first, 6) << none;
    }
}

TEST(Threads, OfTensorsAreTheProcessorsThatTheLoaderLeaves)
{
    const Variable omp("OMP_NUM_THREADS", nullptr), mkl("MKL_NUM_THREADS", nullptr);
    Config config = tiny_config();
    ASSERT_EQ(sslact_config_set(config, "run.threads", "0"), SSLACT_OK);
    ASSERT_EQ(sslact_config_set(config, "run.loader_threads", "0"), SSLACT_OK);
    const auto [tensor, loader] = count_threads(config);
    EXPECT_GE(tensor, 1);
    EXPECT_GE(loader, 1);
    EXPECT_LE(loader, 8); // of a network on the CPU
    EXPECT_LE(tensor + loader, std::max(count_processors(), 2));

    ASSERT_EQ(sslact_config_set(config, "run.loader_threads", "1000"), SSLACT_OK);
    EXPECT_EQ(count_threads(config).first, 1);
}

} // namespace
