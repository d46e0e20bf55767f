// The library's own exception for C++ rooms; the guard in plugin/ turns it into a status once.
#ifndef BASE_ERROR_HPP
#define BASE_ERROR_HPP

#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.h"

namespace sslact
{

class Error : public std::runtime_error
{
  public:
    Error(sslact_status status, const std::string &message)
        : std::runtime_error(message), status_(status)
    {
    }
    sslact_status status() const { return status_; }

  private:
    sslact_status status_;
};

// Turns the failure of a C room into an Error that carries its message; passes outcomes through.
inline sslact_status check(sslact_status status)
{
    if (status < 0) {
        throw Error(status, sslact_error_get_message());
    }
    return status;
}

} // namespace sslact

#endif
