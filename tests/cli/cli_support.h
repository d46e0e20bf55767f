// Runs the tool as a child process, with its two outputs apart, and reads its JSON.
#ifndef TESTS_CLI_SUPPORT_H
#define TESTS_CLI_SUPPORT_H

#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <jansson.h>

#include "support/temporary.h"

namespace test
{

using Words = std::vector<std::string>;

struct Outcome {
    int code = -1; // exit code; 128 + n when killed by signal n
    std::string out, err;
};

// A child that runs; waiting for it has a bound, after which it is killed and the test fails.
class Child
{
public:
    explicit Child(const Words &words)
    {
        std::vector<char *> arguments;
        Words all = {SSLACT_CLI};
        all.insert(all.end(), words.begin(), words.end());
        for (std::string &word : all) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        process_ = fork();
        if (process_ == 0) {
            redirect(STDOUT_FILENO, folder_ / "out");
            redirect(STDERR_FILENO, folder_ / "err");
            signal(SIGPIPE, SIG_DFL);
            execv(arguments[0], arguments.data());
            _exit(127);
        }
    }
    ~Child()
    {
        if (process_ > 0) {
            kill(process_, SIGKILL);
            wait();
        }
    }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    void send(int signal_number) const { kill(process_, signal_number); }
    bool is_running()
    {
        collect(WNOHANG);
        return process_ > 0;
    }
    Outcome wait(int seconds = 100)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        while (is_running()) {
            if (std::chrono::steady_clock::now() > end) {
                ADD_FAILURE() << "the tool did not come to an end in " << seconds << " s";
                send(SIGKILL);
                collect(0);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        outcome_.out = get_file(folder_ / "out");
        outcome_.err = get_file(folder_ / "err");
        return outcome_;
    }

private:
    static void redirect(int descriptor, const std::string &path)
    {
        dup2(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), descriptor);
    }
    void collect(int flags)
    {
        int state = 0;
        if (process_ > 0 && waitpid(process_, &state, flags) == process_) {
            process_ = -1;
            outcome_.code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
        }
    }

    TemporaryFolder folder_;
    pid_t process_ = -1;
    Outcome outcome_;
};

inline Outcome run(const Words &words)
{
    return Child(words).wait();
}

// The last line, without its line end.
inline std::string last_line(const std::string &text)
{
    const size_t end = text.find_last_not_of('\n');
    if (end == std::string::npos) {
        return "";
    }
    const size_t start = text.find_last_of('\n', end);
    return text.substr(start == std::string::npos ? 0 : start + 1,
                       end - (start == std::string::npos ? -1 : static_cast<int64_t>(start)));
}

inline bool contains(const std::string &text, const std::string &piece)
{
    return text.find(piece) != std::string::npos;
}

// A run that fails with this code, nothing on stdout, and a last line that says all of this.
inline void expect_failure(const Words &words, int code, const Words &pieces)
{
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    for (const std::string &piece : pieces) {
        EXPECT_TRUE(contains(last_line(outcome.err), piece)) << outcome.err << "lacks " << piece;
    }
}

// ---- JSON ----

class Json
{
public:
    explicit Json(const std::string &text)
    {
        json_error_t error;
        value_ = json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error);
        EXPECT_NE(value_, nullptr) << error.text << " in:\n" << text.substr(0, 2000);
    }
    Json(const Json &other) : value_(json_incref(other.value_)) {}
    Json &operator=(const Json &) = delete;
    ~Json() { json_decref(value_); }

    Json operator[](const char *key) const { return Json(json_object_get(value_, key)); }
    Json operator[](size_t index) const { return Json(json_array_get(value_, index)); }
    size_t size() const
    {
        return json_is_array(value_) ? json_array_size(value_) : json_object_size(value_);
    }
    bool has(const char *key) const { return json_object_get(value_, key) != nullptr; }
    bool is_null() const { return json_is_null(value_); }
    bool is_number() const { return json_is_number(value_); }
    bool is_text() const { return json_is_string(value_); }
    bool is_array() const { return json_is_array(value_); }
    double number() const
    {
        EXPECT_TRUE(json_is_number(value_));
        return json_number_value(value_);
    }
    std::string text() const
    {
        EXPECT_TRUE(json_is_string(value_));
        return json_is_string(value_) ? json_string_value(value_) : "";
    }
    bool operator==(const Json &other) const { return json_equal(value_, other.value_) == 1; }

private:
    explicit Json(json_t *borrowed) : value_(json_incref(borrowed)) {}
    json_t *value_ = nullptr;
};

// Runs with --json and returns the one object that stdout holds.
inline Json run_json(Words words, int code = 0)
{
    words.push_back("--json");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return Json(outcome.out);
}

// Every line of a file of JSON lines; each must be one object.
inline std::vector<Json> read_lines(const std::string &path)
{
    std::vector<Json> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        lines.emplace_back(line);
    }
    return lines;
}

// ---- a world of three videos, made once a process ----

class World
{
public:
    World()
    {
        made = run({"data", "demo", "--out", path(), "--videos", "3", "--seed", "5", "--json"});
        EXPECT_EQ(made.code, 0) << made.err;
    }
    std::string path() const { return folder_ / "world"; }
    std::string config() const { return path() + "/demo.yaml"; }
    std::string config_ssl() const { return path() + "/demo_ssl.yaml"; }
    std::string operator/(const std::string &name) const { return folder_ / name; }

    Outcome made;

private:
    TemporaryFolder folder_;
};

inline World &world()
{
    static World made;
    return made;
}

} // namespace test

#endif
