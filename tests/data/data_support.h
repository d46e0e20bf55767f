// What the tests of the data room share: holders, configs, collected problems, real files.
#ifndef TESTS_DATA_SUPPORT_H
#define TESTS_DATA_SUPPORT_H

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "config/config.h"
#include "data/dataset.h"
#include "data/problems.h"
#include "support/temporary.h"

namespace test
{

struct ConfigDeleter {
    void operator()(config *c) const { config_free(c); }
};
struct DatasetDeleter {
    void operator()(dataset *d) const { dataset_release(d); }
};
struct ClipDeleter {
    void operator()(clip *c) const { clip_free(c); }
};
using ConfigHolder = std::unique_ptr<config, ConfigDeleter>;
using DatasetHolder = std::unique_ptr<dataset, DatasetDeleter>;
using ClipHolder = std::unique_ptr<clip, ClipDeleter>;

using Settings = std::map<std::string, std::string>;

inline ConfigHolder make_settings(const Settings &settings)
{
    config *made = nullptr;
    EXPECT_EQ(config_create(&made), SSLACT_OK);
    for (const auto &[key, value] : settings) {
        EXPECT_EQ(config_set(made, key.c_str(), value.c_str()), SSLACT_OK)
            << sslact_error_get_message();
    }
    return ConfigHolder(made);
}

inline DatasetHolder open_split(const Settings &settings, const char *split)
{
    const ConfigHolder c = make_settings(settings);
    dataset *made = nullptr;
    EXPECT_EQ(dataset_open(c.get(), split, &made), SSLACT_OK) << sslact_error_get_message();
    return DatasetHolder(made);
}

// The status and the message of a split that does not open.
inline std::pair<sslact_status, std::string> fail_to_open(const Settings &settings,
                                                          const char *split)
{
    const ConfigHolder c = make_settings(settings);
    dataset *made = nullptr;
    const sslact_status status = dataset_open(c.get(), split, &made);
    EXPECT_EQ(made, nullptr);
    dataset_release(made);
    return {status, status < 0 ? sslact_error_get_message() : ""};
}

inline ClipHolder read_clip(dataset *d, size_t index)
{
    clip *made = nullptr;
    EXPECT_EQ(dataset_read(d, index, &made), SSLACT_OK) << sslact_error_get_message();
    return ClipHolder(made);
}

// The key frames of a data set in order, "video@seconds".
inline std::vector<std::string> list_clips(dataset *d)
{
    std::vector<std::string> list;
    for (size_t i = 0; i < dataset_count_clips(d); i++) {
        const char *video = nullptr;
        double seconds = 0;
        EXPECT_EQ(dataset_locate(d, i, &video, &seconds), SSLACT_OK);
        char text[64];
        std::snprintf(text, sizeof text, "%s@%g", video, seconds);
        list.emplace_back(text);
    }
    return list;
}

// Rows of the label matrix as texts of 0 and 1.
inline std::vector<std::string> list_labels(dataset *d)
{
    uint8_t *labels = nullptr;
    size_t count = 0;
    EXPECT_EQ(dataset_collect_labels(d, &labels, &count), SSLACT_OK);
    const size_t classes = static_cast<size_t>(dataset_count_classes(d));
    std::vector<std::string> rows;
    for (size_t i = 0; i < count; i++) {
        rows.emplace_back();
        for (size_t j = 0; j < classes; j++) {
            rows.back() += labels[i * classes + j] ? '1' : '0';
        }
    }
    free(labels);
    return rows;
}

struct FoundProblem {
    data_problem kind;
    std::string place, what;
};

inline int collect_problem(data_problem kind, const char *place, const char *what, void *user)
{
    static_cast<std::vector<FoundProblem> *>(user)->push_back({kind, place, what});
    return 0;
}

inline bool has_real_data()
{
    return std::filesystem::exists(std::string(SSLACT_TEST_DATA) + "/ava");
}

// Unpacks a real file; false where xz is not installed.
inline bool unpack(const std::string &packed, const std::string &path)
{
    const std::string command = "xz -dc '" + packed + "' > '" + path + "' 2>/dev/null";
    return std::system(command.c_str()) == 0;
}

#define SKIP_WITHOUT_REAL_DATA()                                                                   \
    if (!test::has_real_data()) {                                                                  \
        GTEST_SKIP() << "no " SSLACT_TEST_DATA "/ava";                                             \
    }

} // namespace test

#endif
