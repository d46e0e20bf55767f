// Owns: what a global may mean. The table is all there is: a name in it is a tag with an action
// written here, never a function of the program.
#include "pickle/machine.h"

#include <string.h>

typedef enum action {
    ACTION_REFUSE,       // calling it is refused: a function nobody here knows
    ACTION_IGNORE,       // an object without numbers
    ACTION_DICT,         // an empty dict, or one made of a list of pairs
    ACTION_FIRST,        // the first argument itself
    ACTION_TENSOR,       // (storage, offset, shape, stride, ...)
    ACTION_TYPED_TENSOR, // the same with a type as argument 6
    ACTION_STORAGE,      // not called: names the type in a persistent id
    ACTION_TYPE,         // not called: torch.float16 and the like
    ACTION_ENCODE,       // text of code points below 256 to bytes
    ACTION_NUMPY,        // an array that BUILD fills
    ACTION_NUMPY_BUFFER, // an array of (bytes, dtype, shape, order)
    ACTION_SCALAR,       // (dtype, bytes)
    ACTION_DTYPE
} action;

typedef struct symbol {
    const char *module;
    const char *name;
    action action;
    pickle_number dtype;
} symbol;

// Storages of a graphics card have the same names in the module torch.cuda.
#define STORAGE(name, dtype)                                                                       \
    {"torch", name, ACTION_STORAGE, dtype},                                                        \
    {                                                                                              \
        "torch.cuda", name, ACTION_STORAGE, dtype                                                  \
    }
// Python 2, Python 3; numpy 1, numpy 2.
#define BUILTIN(name, action)                                                                      \
    {"builtins", name, action, 0},                                                                 \
    {                                                                                              \
        "__builtin__", name, action, 0                                                             \
    }
#define NUMPY(module, name, action)                                                                \
    {"numpy.core." module, name, action, 0},                                                       \
    {                                                                                              \
        "numpy._core." module, name, action, 0                                                     \
    }

static const symbol symbols[] = {
    {"", "", ACTION_REFUSE, 0}, // number 0: any class outside of the table
    {"collections", "OrderedDict", ACTION_DICT, 0},
    {"collections", "defaultdict", ACTION_IGNORE, 0},
    {"collections", "Counter", ACTION_IGNORE, 0},
    {"collections", "deque", ACTION_IGNORE, 0},
    {"torch._utils", "_rebuild_tensor", ACTION_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v2", ACTION_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v3", ACTION_TYPED_TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", ACTION_FIRST, 0},
    {"torch._utils", "_rebuild_parameter_with_state", ACTION_FIRST, 0},
    {"torch._tensor", "_rebuild_from_type_v2", ACTION_REFUSE, 0},
    STORAGE("FloatStorage", PICKLE_NUMBER_F32),
    STORAGE("DoubleStorage", PICKLE_NUMBER_F64),
    STORAGE("HalfStorage", PICKLE_NUMBER_F16),
    STORAGE("BFloat16Storage", PICKLE_NUMBER_BF16),
    STORAGE("LongStorage", PICKLE_NUMBER_I64),
    STORAGE("IntStorage", PICKLE_NUMBER_I32),
    STORAGE("ShortStorage", PICKLE_NUMBER_I16),
    STORAGE("CharStorage", PICKLE_NUMBER_I8),
    STORAGE("ByteStorage", PICKLE_NUMBER_U8),
    STORAGE("BoolStorage", PICKLE_NUMBER_BOOL),
    STORAGE("ComplexFloatStorage", 0),
    STORAGE("ComplexDoubleStorage", 0),
    STORAGE("UntypedStorage", PICKLE_NUMBER_U8),
    {"torch.storage", "UntypedStorage", ACTION_STORAGE, PICKLE_NUMBER_U8},
    {"torch.storage", "_UntypedStorage", ACTION_STORAGE, PICKLE_NUMBER_U8},
    {"torch", "float32", ACTION_TYPE, PICKLE_NUMBER_F32},
    {"torch", "float64", ACTION_TYPE, PICKLE_NUMBER_F64},
    {"torch", "float16", ACTION_TYPE, PICKLE_NUMBER_F16},
    {"torch", "bfloat16", ACTION_TYPE, PICKLE_NUMBER_BF16},
    {"torch", "int64", ACTION_TYPE, PICKLE_NUMBER_I64},
    {"torch", "int32", ACTION_TYPE, PICKLE_NUMBER_I32},
    {"torch", "int16", ACTION_TYPE, PICKLE_NUMBER_I16},
    {"torch", "int8", ACTION_TYPE, PICKLE_NUMBER_I8},
    {"torch", "uint8", ACTION_TYPE, PICKLE_NUMBER_U8},
    {"torch", "uint16", ACTION_TYPE, PICKLE_NUMBER_U16},
    {"torch", "uint32", ACTION_TYPE, PICKLE_NUMBER_U32},
    {"torch", "uint64", ACTION_TYPE, PICKLE_NUMBER_U64},
    {"torch", "bool", ACTION_TYPE, PICKLE_NUMBER_BOOL},
    {"torch", "Size", ACTION_FIRST, 0},
    {"torch", "device", ACTION_IGNORE, 0},
    NUMPY("multiarray", "_reconstruct", ACTION_NUMPY),
    NUMPY("multiarray", "scalar", ACTION_SCALAR),
    NUMPY("numeric", "_frombuffer", ACTION_NUMPY_BUFFER),
    {"numpy", "ndarray", ACTION_IGNORE, 0},
    {"numpy", "dtype", ACTION_DTYPE, 0},
    {"_codecs", "encode", ACTION_ENCODE, 0},
    {"copyreg", "_reconstructor", ACTION_IGNORE, 0},
    {"copy_reg", "_reconstructor", ACTION_IGNORE, 0},
    {"datetime", "datetime", ACTION_IGNORE, 0},
    {"datetime", "timedelta", ACTION_IGNORE, 0},
    {"pathlib", "PosixPath", ACTION_IGNORE, 0},
    {"pathlib", "PurePosixPath", ACTION_IGNORE, 0},
    {"pathlib", "WindowsPath", ACTION_IGNORE, 0},
    BUILTIN("set", ACTION_IGNORE),
    BUILTIN("frozenset", ACTION_IGNORE),
    BUILTIN("slice", ACTION_IGNORE),
    BUILTIN("range", ACTION_IGNORE),
    BUILTIN("xrange", ACTION_IGNORE),
    BUILTIN("complex", ACTION_IGNORE),
    BUILTIN("bytearray", ACTION_IGNORE),
    BUILTIN("object", ACTION_IGNORE),
    BUILTIN("list", ACTION_IGNORE),
    BUILTIN("dict", ACTION_IGNORE),
    BUILTIN("tuple", ACTION_IGNORE),
    BUILTIN("int", ACTION_IGNORE),
    BUILTIN("long", ACTION_IGNORE),
    BUILTIN("float", ACTION_IGNORE),
    BUILTIN("bool", ACTION_IGNORE),
    BUILTIN("str", ACTION_IGNORE),
    BUILTIN("bytes", ACTION_IGNORE),
};

// Modules through which a pickle could reach the system where it were run. A file that names one
// was made to do harm, whatever else it holds: it is refused even where the global is not called.
static const char *const dangerous[] = {
    "os",         "posix",           "nt",         "posixpath", "ntpath",
    "sys",        "subprocess",      "shutil",     "socket",    "importlib",
    "imp",        "runpy",           "pty",        "commands",  "ctypes",
    "_ctypes",    "pickle",          "_pickle",    "cPickle",   "marshal",
    "code",       "codeop",          "types",      "inspect",   "operator",
    "_operator",  "functools",       "_functools", "builtins",  "__builtin__",
    "webbrowser", "tempfile",        "threading",  "_thread",   "signal",
    "asyncio",    "multiprocessing", "io",         "_io",       "http",
    "urllib",     "urllib2",         "requests",   "pip",       "timeit",
    "cProfile",   "profile",         "pdb",        "bdb",       "gc",
    "atexit",     "zipimport",       "pkgutil",    "ensurepip", "venv",
    "distutils",  "setuptools",      "idlelib",
};

static bool is_equal(const char *text, const char *bytes, size_t size)
{
    return strlen(text) == size && memcmp(text, bytes, size) == 0;
}

static bool is_dangerous(const char *module, size_t size)
{
    const char *dot = memchr(module, '.', size);
    size_t first = dot != NULL ? (size_t)(dot - module) : size;

    for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]); i++) {
        if (is_equal(dangerous[i], module, first)) {
            return true;
        }
    }
    return false;
}

// Names as far as they may be shown: short and printable.
static int show(const char *bytes, size_t size)
{
    size_t shown = 0;

    while (shown < size && shown < 80 && bytes[shown] > ' ' && bytes[shown] < 127) {
        shown++;
    }
    return (int)shown;
}

sslact_status symbols_find(machine *m, const char *module, size_t module_size, const char *name,
                           size_t name_size, pickle_value **out)
{
    int32_t found = 0;

    for (size_t i = 1; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (is_equal(symbols[i].module, module, module_size) &&
            is_equal(symbols[i].name, name, name_size)) {
            found = (int32_t)i;
        }
    }
    if (found == 0 && is_dangerous(module, module_size)) {
        return machine_refuse(m, "it names \"%.*s.%.*s\", which is no part of %s; nothing was run",
                              show(module, module_size), module, show(name, name_size), name,
                              machine_get_options(m)->what);
    }
    *out = pickle_make(m, PICKLE_SYMBOL);
    if (*out == NULL) {
        return sslact_error_get_status();
    }
    (*out)->as.symbol = found;
    return SSLACT_OK;
}

static sslact_status make(machine *m, pickle_kind kind, pickle_value **out)
{
    *out = pickle_make(m, kind);
    return *out != NULL ? SSLACT_OK : sslact_error_get_status();
}

// OrderedDict(), or with Python 2 OrderedDict([[key, value], ...]).
static sslact_status make_dict(machine *m, const pickle_value *arguments, pickle_value **out)
{
    const pickle_value *pairs = NULL;
    sslact_status status = make(m, PICKLE_DICT, out);

    if (status != SSLACT_OK || arguments->as.list.count == 0) {
        return status;
    }
    pairs = arguments->as.list.items[0];
    if (pairs->kind != PICKLE_LIST) {
        return machine_refuse(m, "an OrderedDict of something else than a list of pairs");
    }
    for (size_t i = 0; i < pairs->as.list.count && status == SSLACT_OK; i++) {
        const pickle_value *pair = pairs->as.list.items[i];

        if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) || pair->as.list.count != 2) {
            return machine_refuse(m, "an OrderedDict of something else than a list of pairs");
        }
        status = pickle_append(m, *out, pair->as.list.items[0]);
        if (status == SSLACT_OK) {
            status = pickle_append(m, *out, pair->as.list.items[1]);
        }
    }
    return status;
}

// _codecs.encode(text, "latin1"): how Python 3 writes bytes with protocol 2.
static sslact_status encode(machine *m, const pickle_value *arguments, pickle_value **out)
{
    const pickle_value *text = NULL;
    char *bytes = NULL;
    size_t size = 0;
    sslact_status status = make(m, PICKLE_BYTES, out);

    if (status != SSLACT_OK) {
        return status;
    }
    if (arguments->as.list.count != 2 || arguments->as.list.items[0]->kind != PICKLE_TEXT ||
        !(pickle_is_text(arguments->as.list.items[1], "latin1") ||
          pickle_is_text(arguments->as.list.items[1], "latin-1"))) {
        return machine_refuse(m, "_codecs.encode of something else than a text and \"latin1\"");
    }
    text = arguments->as.list.items[0];
    bytes = pickle_allocate(m, text->as.text.size);
    if (bytes == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < text->as.text.size; i++) {
        unsigned char byte = (unsigned char)text->as.text.data[i];

        if (byte >= 0x80) { // two bytes of UTF-8 hold the code points up to 255
            if ((byte != 0xc2 && byte != 0xc3) || i + 1 >= text->as.text.size ||
                ((unsigned char)text->as.text.data[i + 1] & 0xc0) != 0x80) {
                return machine_refuse(m, "a text that is not latin1");
            }
            byte = (unsigned char)((byte & 3) << 6 | (text->as.text.data[++i] & 0x3f));
        }
        bytes[size++] = (char)byte;
    }
    (*out)->as.text.data = bytes;
    (*out)->as.text.size = size;
    return SSLACT_OK;
}

static sslact_status take_first(machine *m, const pickle_value *arguments, pickle_value **out)
{
    if (arguments->as.list.count == 0) {
        return machine_refuse(m, "a call without arguments");
    }
    *out = arguments->as.list.items[0];
    return SSLACT_OK;
}

static sslact_status take_type(machine *m, const pickle_value *arguments, pickle_number *out)
{
    const pickle_value *type = NULL;

    if (arguments->as.list.count < 7) {
        return machine_refuse(m, "a tensor of %zu arguments, 7 are needed",
                              arguments->as.list.count);
    }
    type = arguments->as.list.items[6];
    *out = type->kind == PICKLE_SYMBOL && symbols[type->as.symbol].action == ACTION_TYPE
               ? symbols[type->as.symbol].dtype
               : 0;
    return SSLACT_OK;
}

sslact_status symbols_call(machine *m, const pickle_value *value, const pickle_value *arguments,
                           pickle_value **out)
{
    pickle_number dtype = 0;
    sslact_status status = SSLACT_OK;

    switch (symbols[value->as.symbol].action) {
    case ACTION_IGNORE:
        return make(m, PICKLE_OPAQUE, out);
    case ACTION_DICT:
        return make_dict(m, arguments, out);
    case ACTION_FIRST:
        return take_first(m, arguments, out);
    case ACTION_TYPED_TENSOR:
        status = take_type(m, arguments, &dtype);
        return status == SSLACT_OK ? arrays_rebuild_tensor(m, arguments, dtype, out) : status;
    case ACTION_TENSOR:
        return arrays_rebuild_tensor(m, arguments, 0, out);
    case ACTION_ENCODE:
        return encode(m, arguments, out);
    case ACTION_NUMPY:
        return arrays_make(m, out);
    case ACTION_NUMPY_BUFFER:
        return arrays_from_buffer(m, arguments, out);
    case ACTION_SCALAR:
        return machine_get_options(m)->scalars ? scalars_make(m, arguments, out)
                                               : make(m, PICKLE_OPAQUE, out);
    case ACTION_DTYPE:
        return arrays_make_dtype(m, arguments, out);
    default:
        return machine_refuse(m, "it calls a function that is no part of %s; nothing was run",
                              machine_get_options(m)->what);
    }
}

sslact_status symbols_instantiate(machine *m, const pickle_value *value, pickle_value **out)
{
    switch (symbols[value->as.symbol].action) {
    case ACTION_DICT:
        return make(m, PICKLE_DICT, out);
    case ACTION_REFUSE: // a class outside of the table
    case ACTION_IGNORE:
    case ACTION_SCALAR:
        return make(m, PICKLE_OPAQUE, out);
    default:
        return machine_refuse(m, "an instance of what is no class");
    }
}

static size_t get_element_size(const symbol *type)
{
    if (strstr(type->name, "Complex") != NULL) {
        return strstr(type->name, "Double") != NULL ? 16 : 8;
    }
    return pickle_number_get_size(type->dtype);
}

// ("storage", type, key, location, count[, (view key, offset, count)])
sslact_status symbols_make_storage(machine *m, const pickle_value *id, pickle_value **out)
{
    pickle_value *const *items = id->as.list.items;
    const symbol *type = NULL;
    pickle_storage *storage = NULL;
    sslact_status status = make(m, PICKLE_STORAGE, out);

    if (status != SSLACT_OK) {
        return status;
    }
    if (id->kind != PICKLE_TUPLE || id->as.list.count < 5 || id->as.list.count > 6 ||
        !pickle_is_text(items[0], "storage") || items[1]->kind != PICKLE_SYMBOL ||
        items[2]->kind != PICKLE_TEXT || items[4]->kind != PICKLE_INT || items[4]->as.integer < 0) {
        return machine_refuse(m, "a persistent id that is no storage");
    }
    type = &symbols[items[1]->as.symbol];
    if (type->action != ACTION_STORAGE) {
        return machine_refuse(m, "a storage of an unknown type");
    }
    storage = (*out)->as.storage = pickle_allocate(m, sizeof(*storage));
    if (storage == NULL) {
        return sslact_error_get_status();
    }
    storage->dtype = type->dtype;
    storage->untyped = strstr(type->name, "Untyped") != NULL;
    storage->element_size = get_element_size(type);
    pickle_add_storage(m, storage);
    storage->count = (uint64_t)items[4]->as.integer;
    storage->key = pickle_copy_text(m, items[2]);
    if (storage->key == NULL) {
        return sslact_error_get_status();
    }
    if (id->as.list.count == 6 && items[5]->kind != PICKLE_NONE) {
        const pickle_value *view = items[5];

        if (view->kind != PICKLE_TUPLE || view->as.list.count != 3 ||
            view->as.list.items[0]->kind != PICKLE_TEXT ||
            view->as.list.items[1]->kind != PICKLE_INT ||
            view->as.list.items[2]->kind != PICKLE_INT || view->as.list.items[1]->as.integer < 0 ||
            view->as.list.items[2]->as.integer < 0) {
            return machine_refuse(m, "a view of a storage that is not (key, offset, count)");
        }
        storage->view_key = pickle_copy_text(m, view->as.list.items[0]);
        if (storage->view_key == NULL) {
            return sslact_error_get_status();
        }
        storage->view_offset = (uint64_t)view->as.list.items[1]->as.integer;
        storage->view_count = (uint64_t)view->as.list.items[2]->as.integer;
    }
    return SSLACT_OK;
}
