// The AVA metric on files alone.
#ifndef PLUGIN_SCORE_H
#define PLUGIN_SCORE_H

#include "sslact/report.h"

#include "report/evaluation.h"

namespace sslact
{

// Throws Error; the caller owns the result.
evaluation_report *score_files(const sslact_score_options &options);

} // namespace sslact

#endif
