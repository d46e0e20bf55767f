// sslact_config_*: settings.

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "handles.h"

#include "base/clock.h"
#include "base/text.h"
#include "data/loader.h"

using namespace sslact;

namespace
{

// A rendered text with its owner.
struct Rendered {
    text value = {};
    ~Rendered() { text_free(&value); }
};

sslact_status hand_out(const Rendered &rendered, char *buffer, size_t capacity, size_t *needed)
{
    check(text_status(&rendered.value));
    return text_hand_out(text_get(&rendered.value), rendered.value.length, buffer, capacity,
                         need(needed, "needed"));
}

sslact_status make_handle(config *inner, sslact_config **out)
{
    ConfigHolder holder(inner);
    auto handle = std::make_unique<sslact_config>();
    handle->inner = std::move(holder);
    *out = handle.release();
    return SSLACT_OK;
}

// The first number of OMP_NUM_THREADS and its like ("4", "4,2"); 0 where there is none.
int32_t read_thread_variable(const char *name)
{
    const char *value = std::getenv(name);
    int64_t count = 0;
    const bool is_count =
        value != nullptr && text_parse_int64(value, std::strcspn(value, ","), &count);
    return is_count && count > 0 && count <= 1024 ? static_cast<int32_t>(count) : 0;
}

int32_t choose_tensor_threads(const config *c, int32_t loader_threads)
{
    const auto asked = static_cast<int32_t>(config_get_int(c, "run.threads"));
    if (asked > 0) {
        return asked;
    }
    for (const char *name : {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}) {
        const int32_t wanted = read_thread_variable(name);
        if (wanted > 0) {
            return wanted;
        }
    }
    return std::clamp(clock_count_processors() - loader_threads, 1, 1024);
}

} // namespace

sslact_status sslact_config_create(sslact_config **out)
{
    return guard([&] {
        need(out, "out");
        config *inner = nullptr;
        check(config_create(&inner));
        return make_handle(inner, out);
    });
}

sslact_status sslact_config_copy(const sslact_config *config_handle, sslact_config **out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        need(out, "out");
        config *inner = nullptr;
        check(config_copy(handle.inner.get(), &inner));
        return make_handle(inner, out);
    });
}

sslact_status sslact_config_load(sslact_config *config_handle, const char *path)
{
    return guard_exclusive(config_handle, "config", [&](sslact_config &handle) {
        return config_load(handle.inner.get(), need(path, "path"));
    });
}

sslact_status sslact_config_parse(sslact_config *config_handle, const char *text_in,
                                  const char *origin)
{
    return guard_exclusive(config_handle, "config", [&](sslact_config &handle) {
        return config_parse(handle.inner.get(), need(text_in, "text"), need(origin, "origin"));
    });
}

sslact_status sslact_config_set(sslact_config *config_handle, const char *key, const char *value)
{
    return guard_exclusive(config_handle, "config", [&](sslact_config &handle) {
        return config_set(handle.inner.get(), need(key, "key"), need(value, "value"));
    });
}

sslact_status sslact_config_get(const sslact_config *config_handle, const char *key, char *buffer,
                                size_t capacity, size_t *needed)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        Rendered rendered;
        check(config_render_value(handle.inner.get(), need(key, "key"), &rendered.value));
        return hand_out(rendered, buffer, capacity, needed);
    });
}

sslact_status sslact_config_count_threads(const sslact_config *config_handle,
                                          int32_t *tensor_threads, int32_t *loader_threads)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        need(tensor_threads, "tensor_threads");
        need(loader_threads, "loader_threads");
        *loader_threads = loader_choose_threads(handle.inner.get());
        *tensor_threads = choose_tensor_threads(handle.inner.get(), *loader_threads);
        return SSLACT_OK;
    });
}

sslact_status sslact_config_validate(const sslact_config *config_handle)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        return config_validate(handle.inner.get());
    });
}

sslact_status sslact_config_render(const sslact_config *config_handle, char *buffer,
                                   size_t capacity, size_t *needed)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        Rendered rendered;
        check(config_render(handle.inner.get(), &rendered.value));
        return hand_out(rendered, buffer, capacity, needed);
    });
}

sslact_status sslact_config_describe(size_t index, sslact_config_key *out)
{
    return guard([&] {
        need(out, "out");
        config_key key;
        if (!config_describe(index, &key)) {
            return SSLACT_DONE;
        }
        sslact_config_key local;
        SSLACT_INIT(local);
        local.name = key.name;
        local.type = key.type;
        local.default_value = key.default_value;
        local.accepted = key.accepted;
        local.help = key.help;
        write_struct(local, out, "out");
        return SSLACT_OK;
    });
}

void sslact_config_free(sslact_config *config_handle)
{
    free_handle(config_handle);
}
