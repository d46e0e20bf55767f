// A locale with a decimal comma for the time of a test: the system's, or one that localedef makes
// in a temporary folder.
#ifndef TESTS_SUPPORT_COMMA_LOCALE_H
#define TESTS_SUPPORT_COMMA_LOCALE_H

#include <clocale>
#include <cstdlib>
#include <string>

#include "support/temporary.h"

namespace test
{

class CommaLocale
{
public:
    CommaLocale()
    {
        if (set() || !make()) {
            return;
        }
        setenv("LOCPATH", folder_.path().c_str(), 1);
        set();
    }
    ~CommaLocale()
    {
        std::setlocale(LC_ALL, "C");
        unsetenv("LOCPATH");
    }
    CommaLocale(const CommaLocale &) = delete;
    CommaLocale &operator=(const CommaLocale &) = delete;

    bool is_on() const { return *std::localeconv()->decimal_point == ','; }

private:
    static bool set() { return std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr; }
    bool make() const
    {
        const std::string command =
            "localedef -i de_DE -f UTF-8 '" + folder_.path() + "/de_DE.UTF-8' >/dev/null 2>&1";
        return std::system(command.c_str()) == 0;
    }

    TemporaryFolder folder_;
};

} // namespace test

#endif
