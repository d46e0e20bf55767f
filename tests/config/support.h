// Shared by the tests of this room.
#ifndef TESTS_CONFIG_SUPPORT_H
#define TESTS_CONFIG_SUPPORT_H

#include <gtest/gtest.h>

#include <string>

#include "config/config.h"

class ConfigTest : public testing::Test
{
protected:
    ConfigTest() { EXPECT_EQ(config_create(&config_), SSLACT_OK); }
    ~ConfigTest() override { config_free(config_); }

    sslact_status set(const std::string &key, const std::string &value)
    {
        return config_set(config_, key.c_str(), value.c_str());
    }
    sslact_status parse(const std::string &content)
    {
        return config_parse(config_, content.c_str(), "x.yaml");
    }
    std::string get(const std::string &key) const { return get_from(config_, key); }
    std::string render() const { return render(config_); }
    static std::string message() { return sslact_error_get_message(); }

    static std::string get_from(const config *c, const std::string &key)
    {
        text out = {};
        EXPECT_EQ(config_render_value(c, key.c_str(), &out), SSLACT_OK) << key;
        std::string result = text_get(&out);
        text_free(&out);
        return result;
    }
    static std::string render(const config *c)
    {
        text out = {};
        EXPECT_EQ(config_render(c, &out), SSLACT_OK);
        std::string result = text_get(&out);
        text_free(&out);
        return result;
    }

    config *config_ = nullptr;
};

#endif
