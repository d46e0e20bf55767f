// What a checked data set's numbers become for the C API and for check.html: the balance fitted as
// training would fit it, the kinds of problems with how many there were.
#ifndef PLUGIN_CHECK_REPORT_H
#define PLUGIN_CHECK_REPORT_H

#include <memory>
#include <string>
#include <vector>

#include "sslact/dataset.h"

#include "config/config.h"
#include "data/check.h"
#include "stats/balance.h"

namespace sslact
{

// Keeps the first problems of each kind for the page.
class CheckProblems
{
public:
    void add(data_problem kind, const char *place, const char *text);

    struct Row {
        data_problem kind;
        std::string place, text;
    };
    const std::vector<Row> &rows() const { return rows_; }

private:
    std::vector<Row> rows_;
    int64_t counts_[DATA_PROBLEM_COUNT] = {};
};

class CheckStatistics
{
public:
    // Balance by the ssl.* keys. Without a person of the training split all numbers are NaN.
    CheckStatistics(const config *c, const data_check_summary &summary);

    void fill(sslact_check_summary &out) const;
    // Tells every class; throws where the callback cancels.
    void tell(int (*callback)(const sslact_check_class *, void *), void *user) const;
    void write(const char *folder, const CheckProblems &problems) const;

private:
    sslact_check_class describe(int32_t j) const;
    double kept_share(int32_t j) const;

    struct Free {
        void operator()(balance *b) const { balance_free(b); }
    };
    const data_check_summary &summary_;
    std::unique_ptr<balance, Free> balance_;
};

} // namespace sslact

#endif
