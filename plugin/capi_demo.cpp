// sslact_demo_create: the demo world.

#include "guard.h"

#include "demo/demo.h"

using namespace sslact;

sslact_status sslact_demo_create(const char *folder, const sslact_demo_options *options,
                                 sslact_demo_summary *summary)
{
    return guard([&] {
        need(folder, "folder");
        const sslact_demo_options given = read_options(options, "options");
        sslact_demo_summary local;
        SSLACT_INIT(local);
        if (summary != nullptr && summary->struct_size < sizeof local) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "summary.struct_size is " +
                                                           std::to_string(summary->struct_size) +
                                                           ", prepare it with SSLACT_INIT");
        }
        check(demo_generate(folder, &given, &local));
        if (summary != nullptr) {
            write_struct(local, summary, "summary");
        }
        return SSLACT_OK;
    });
}
