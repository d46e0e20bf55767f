// Owns: taking bytes from a pickle and values from the machine's stack, each with its check.
#include "pickle/machine.h"

#include "base/array.h"

#include <string.h>

// ---- bytes ----

sslact_status machine_take_bytes(machine *m, size_t count, const unsigned char **out)
{
    if (count > m->size - m->place) {
        return machine_refuse(m, "%zu bytes are announced, %zu are left", count,
                              m->size - m->place);
    }
    *out = m->bytes + m->place;
    m->place += count;
    return SSLACT_OK;
}

// A little-endian number of `width` bytes.
sslact_status machine_take_number(machine *m, size_t width, uint64_t *out)
{
    const unsigned char *bytes = NULL;
    sslact_status status = machine_take_bytes(m, width, &bytes);

    *out = 0;
    for (size_t i = 0; status == SSLACT_OK && i < width; i++) {
        *out |= (uint64_t)bytes[i] << (8 * i);
    }
    return status;
}

// Up to the next line end, which is left out.
sslact_status machine_take_line(machine *m, const char **out, size_t *size)
{
    const char *begin = (const char *)m->bytes + m->place;
    const char *end = memchr(begin, '\n', m->size - m->place);

    if (end == NULL) {
        return machine_refuse(m, "a line without end");
    }
    *out = begin;
    *size = (size_t)(end - begin);
    m->place += *size + 1;
    return SSLACT_OK;
}

// ---- stack ----

sslact_status machine_push(machine *m, pickle_value *value)
{
    sslact_status status = SSLACT_OK;

    if (value == NULL) { // an allocation failed and said so
        return sslact_error_get_status();
    }
    if (m->stack_count >= PICKLE_MAX_STACK) {
        return machine_refuse(m, "more than %zu values on the stack", PICKLE_MAX_STACK);
    }
    status = array_reserve((void **)&m->stack, &m->stack_capacity, m->stack_count + 1,
                           sizeof(*m->stack));
    if (status == SSLACT_OK) {
        m->stack[m->stack_count++] = value;
    }
    return status;
}

// The height below which the values belong to an outer mark.
size_t machine_get_floor(const machine *m)
{
    return m->mark_count > 0 ? m->marks[m->mark_count - 1] : 0;
}

sslact_status machine_pop(machine *m, pickle_value **out)
{
    if (m->stack_count <= machine_get_floor(m)) {
        return machine_refuse(m, "the stack is empty");
    }
    *out = m->stack[--m->stack_count];
    return SSLACT_OK;
}

sslact_status machine_peek(machine *m, pickle_value **out)
{
    sslact_status status = machine_pop(m, out);

    m->stack_count += status == SSLACT_OK;
    return status;
}

// Takes away the last mark and everything above it; the values stay readable until the next push.
sslact_status machine_pop_mark(machine *m, pickle_value ***items, size_t *count)
{
    if (m->mark_count == 0) {
        return machine_refuse(m, "there is no mark");
    }
    size_t height = m->marks[--m->mark_count];
    *items = m->stack + height;
    *count = m->stack_count - height;
    m->stack_count = height;
    return SSLACT_OK;
}

sslact_status machine_push_integer(machine *m, int64_t number)
{
    pickle_value *value = pickle_make(m, PICKLE_INT);

    if (value != NULL) {
        value->as.integer = number;
    }
    return machine_push(m, value);
}

static sslact_status push_text(machine *m, pickle_kind kind, size_t size)
{
    const unsigned char *bytes = NULL;
    sslact_status status = machine_take_bytes(m, size, &bytes);
    pickle_value *value = NULL;

    if (status != SSLACT_OK) {
        return status;
    }
    value = pickle_make(m, kind);
    if (value != NULL) {
        value->as.text.data = (const char *)bytes;
        value->as.text.size = size;
    }
    return machine_push(m, value);
}

sslact_status machine_push_text(machine *m, pickle_kind kind, size_t width)
{
    uint64_t size = 0;
    sslact_status status = machine_take_number(m, width, &size);

    return status == SSLACT_OK ? push_text(m, kind, (size_t)size) : status;
}

sslact_status machine_push_list(machine *m, pickle_kind kind, pickle_value **items, size_t count)
{
    pickle_value *list = pickle_make(m, kind);
    sslact_status status = SSLACT_OK;

    if (list != NULL && count > 0) {
        // One allocation; a tuple never grows.
        list->as.list.items = pickle_allocate(m, count * sizeof(*items));
        if (list->as.list.items == NULL) {
            return sslact_error_get_status();
        }
        list->as.list.capacity = count;
    }
    for (size_t i = 0; list != NULL && i < count && status == SSLACT_OK; i++) {
        status = pickle_append(m, list, items[i]);
    }
    return status == SSLACT_OK ? machine_push(m, list) : status;
}
