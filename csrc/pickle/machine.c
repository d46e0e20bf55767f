// Owns: running a pickle, and the opcodes of objects and of the memo. Each handler checks what it
// takes from the stack before it uses it; an opcode that is not in the tables is refused.
#include "pickle/machine.h"

#include "base/array.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

// ---- opcodes ----

static sslact_status op_proto(machine *m, int unused)
{
    (void)unused;
    uint64_t version = 0;
    sslact_status status = machine_take_number(m, 1, &version);

    if (status == SSLACT_OK && (version < 2 || version > 5)) {
        return machine_refuse(m, "protocol %d, 2 to 5 are read", (int)version);
    }
    return status;
}

static sslact_status op_frame(machine *m, int unused)
{
    (void)unused;
    uint64_t size = 0; // a hint for buffering

    return machine_take_number(m, 8, &size);
}

static sslact_status op_stop(machine *m, int unused)
{
    (void)unused;
    m->stopped = true;
    if (m->stack_count != 1 || m->mark_count != 0) {
        return machine_refuse(m, "ends with %zu values on the stack, 1 is needed", m->stack_count);
    }
    return SSLACT_OK;
}

static sslact_status op_mark(machine *m, int unused)
{
    (void)unused;
    sslact_status status = SSLACT_OK;

    if (m->mark_count >= PICKLE_MAX_STACK) {
        return machine_refuse(m, "more than %zu marks", PICKLE_MAX_STACK);
    }
    status =
        array_reserve((void **)&m->marks, &m->mark_capacity, m->mark_count + 1, sizeof(*m->marks));
    if (status == SSLACT_OK) {
        m->marks[m->mark_count++] = m->stack_count;
    }
    return status;
}

static sslact_status op_pop(machine *m, int unused)
{
    (void)unused;
    pickle_value *value = NULL;

    return machine_pop(m, &value);
}

static sslact_status op_pop_mark(machine *m, int unused)
{
    (void)unused;
    pickle_value **items = NULL;
    size_t count = 0;

    return machine_pop_mark(m, &items, &count);
}

static sslact_status push_symbol(machine *m, const char *module, size_t module_size,
                                 const char *name, size_t name_size)
{
    pickle_value *symbol = NULL;
    sslact_status status = symbols_find(m, module, module_size, name, name_size, &symbol);

    return status == SSLACT_OK ? machine_push(m, symbol) : status;
}

static sslact_status op_global(machine *m, int unused)
{
    (void)unused;
    const char *module = NULL;
    const char *name = NULL;
    size_t module_size = 0;
    size_t name_size = 0;
    sslact_status status = machine_take_line(m, &module, &module_size);

    if (status == SSLACT_OK) {
        status = machine_take_line(m, &name, &name_size);
    }
    return status == SSLACT_OK ? push_symbol(m, module, module_size, name, name_size) : status;
}

static sslact_status op_stack_global(machine *m, int unused)
{
    (void)unused;
    pickle_value *module = NULL;
    pickle_value *name = NULL;
    sslact_status status = machine_pop(m, &name);

    if (status == SSLACT_OK) {
        status = machine_pop(m, &module);
    }
    if (status != SSLACT_OK) {
        return status;
    }
    if (module->kind != PICKLE_TEXT || name->kind != PICKLE_TEXT) {
        return machine_refuse(m, "a global whose names are no texts");
    }
    return push_symbol(m, module->as.text.data, module->as.text.size, name->as.text.data,
                       name->as.text.size);
}

typedef sslact_status (*call)(machine *, const pickle_value *, const pickle_value *,
                              pickle_value **);

static sslact_status instantiate(machine *m, const pickle_value *symbol,
                                 const pickle_value *arguments, pickle_value **out)
{
    (void)arguments; // whatever they are, the class is not run
    return symbols_instantiate(m, symbol, out);
}

static sslact_status run_call(machine *m, call function)
{
    pickle_value *arguments = NULL;
    pickle_value *symbol = NULL;
    pickle_value *result = NULL;
    sslact_status status = machine_pop(m, &arguments);

    if (status == SSLACT_OK) {
        status = machine_pop(m, &symbol);
    }
    if (status != SSLACT_OK) {
        return status;
    }
    if (symbol->kind != PICKLE_SYMBOL || arguments->kind != PICKLE_TUPLE) {
        return machine_refuse(m, "a call of a value that is no global, or without a tuple");
    }
    status = function(m, symbol, arguments, &result);
    return status == SSLACT_OK ? machine_push(m, result) : status;
}

static sslact_status op_reduce(machine *m, int unused)
{
    (void)unused;
    return run_call(m, symbols_call);
}

static sslact_status op_new_object(machine *m, int unused)
{
    (void)unused;
    return run_call(m, instantiate);
}

static sslact_status op_new_object_keywords(machine *m, int unused)
{
    (void)unused;
    pickle_value *keywords = NULL;
    sslact_status status = machine_pop(m, &keywords);

    if (status == SSLACT_OK && keywords->kind != PICKLE_DICT) {
        return machine_refuse(m, "keyword arguments that are no dict");
    }
    return status == SSLACT_OK ? run_call(m, instantiate) : status;
}

static sslact_status op_build(machine *m, int unused)
{
    (void)unused;
    pickle_value *state = NULL;
    pickle_value *object = NULL;
    sslact_status status = machine_pop(m, &state);

    if (status == SSLACT_OK) {
        status = machine_peek(m, &object);
    }
    if (status != SSLACT_OK) {
        return status;
    }
    switch (object->kind) {
    case PICKLE_OPAQUE:
        return SSLACT_OK;
    case PICKLE_DICT: // attributes of an ordered dict, such as a state dict's versions
        return state->kind == PICKLE_DICT || state->kind == PICKLE_TUPLE
                   ? SSLACT_OK
                   : machine_refuse(m, "attributes that are no dict");
    case PICKLE_DTYPE:
        return arrays_set_dtype(m, object, state);
    case PICKLE_ARRAY:
        return arrays_set_numpy(m, object, state);
    default:
        return machine_refuse(m, "a state for a value that has none");
    }
}

static sslact_status op_persistent_id(machine *m, int unused)
{
    (void)unused;
    pickle_value *id = NULL;
    pickle_value *storage = NULL;
    sslact_status status = machine_pop(m, &id);

    if (status == SSLACT_OK) {
        status = symbols_make_storage(m, id, &storage);
    }
    return status == SSLACT_OK ? machine_push(m, storage) : status;
}

// ---- memo ----

static sslact_status grow_memo(machine *m, size_t count)
{
    size_t before = m->memo_capacity;
    sslact_status status =
        array_reserve((void **)&m->memo, &m->memo_capacity, count, sizeof(*m->memo));

    if (status == SSLACT_OK && m->memo_capacity > before) {
        memset(m->memo + before, 0, (m->memo_capacity - before) * sizeof(*m->memo));
    }
    return status;
}

sslact_status machine_put_memo(machine *m, uint64_t index)
{
    pickle_value *value = NULL;
    sslact_status status = machine_peek(m, &value);

    if (status != SSLACT_OK) {
        return status;
    }
    if (index >= PICKLE_MAX_MEMO) {
        return machine_refuse(m, "memo entry %llu, at most %zu are kept", (unsigned long long)index,
                              PICKLE_MAX_MEMO);
    }
    status = grow_memo(m, (size_t)index + 1);
    if (status == SSLACT_OK) {
        m->memo[index] = value;
        m->memo_next++;
    }
    return status;
}

sslact_status machine_get_memo(machine *m, uint64_t index)
{
    if (index >= m->memo_capacity || m->memo[index] == NULL) {
        return machine_refuse(m, "memo entry %llu was never put", (unsigned long long)index);
    }
    return machine_push(m, m->memo[index]);
}

static sslact_status op_put(machine *m, int width)
{
    uint64_t index = 0;
    sslact_status status = machine_take_number(m, (size_t)width, &index);

    return status == SSLACT_OK ? machine_put_memo(m, index) : status;
}

static sslact_status op_get(machine *m, int width)
{
    uint64_t index = 0;
    sslact_status status = machine_take_number(m, (size_t)width, &index);

    return status == SSLACT_OK ? machine_get_memo(m, index) : status;
}

static sslact_status op_memoize(machine *m, int unused)
{
    (void)unused;
    return machine_put_memo(m, m->memo_next);
}

// Those of plain values are in values.c.
static const opcode opcodes[256] = {
    [0x80] = {op_proto, 0},
    [0x95] = {op_frame, 0},
    ['.'] = {op_stop, 0},
    ['('] = {op_mark, 0},
    ['0'] = {op_pop, 0},
    ['1'] = {op_pop_mark, 0},
    ['c'] = {op_global, 0},
    [0x93] = {op_stack_global, 0},
    ['R'] = {op_reduce, 0},
    [0x81] = {op_new_object, 0},
    [0x92] = {op_new_object_keywords, 0},
    ['b'] = {op_build, 0},
    ['Q'] = {op_persistent_id, 0},
    ['q'] = {op_put, 1},
    ['r'] = {op_put, 4},
    [0x94] = {op_memoize, 0},
    ['h'] = {op_get, 1},
    ['j'] = {op_get, 4},
};

static const opcode *find_opcode(const machine *m, unsigned char byte)
{
    if (opcodes[byte].run != NULL) {
        return &opcodes[byte];
    }
    if (machine_get_options(m)->text_opcodes && pickle_text_opcodes[byte].run != NULL) {
        return &pickle_text_opcodes[byte];
    }
    return &pickle_value_opcodes[byte];
}

static sslact_status run(machine *m)
{
    sslact_status status = SSLACT_OK;

    while (status == SSLACT_OK && !m->stopped) {
        const unsigned char *byte = NULL;

        m->opcode = m->place;
        status = machine_take_bytes(m, 1, &byte);
        if (status == SSLACT_OK) {
            const opcode *found = find_opcode(m, *byte);

            status = found->run != NULL ? found->run(m, found->argument)
                                        : machine_refuse(m, "opcode 0x%02x is not in %s", *byte,
                                                         machine_get_options(m)->what);
        }
    }
    return status;
}

sslact_status pickle_parse(pickle *p, const char *bytes, size_t size, size_t start,
                           const pickle_value **out, size_t *end)
{
    machine m = {.owner = p, .bytes = (const unsigned char *)bytes, .size = size, .place = start};
    sslact_status status = SSLACT_OK;

    pickle_raise_limit(p, size);
    status = run(&m);
    if (status == SSLACT_OK) {
        *out = m.stack[0];
        *end = m.place;
    }
    free(m.stack);
    free(m.marks);
    free(m.memo);
    return status;
}
