// One object in every protocol of Python 3 and of Python 2 (data/make_pickles.py writes them; the
// values expected here are those of its make_object).

#include "pickle/pickles.h"

#include <cmath>

namespace
{

using namespace test;

struct Form {
    const char *name;
    bool is_old;     // Python 2: its str is a string of Latin-1 bytes
    bool needs_text; // has opcodes of protocols 0 and 1
};

class Protocols : public testing::TestWithParam<Form>
{
protected:
    Parsed parsed_{read_pickle(std::string(GetParam().name) + ".pkl")};
    void SetUp() override { ASSERT_EQ(parsed_.status, SSLACT_OK) << parsed_.message; }
};

TEST_P(Protocols, GivesTheSamePlainValues)
{
    EXPECT_EQ(parsed_.find("number")->as.integer, 300);
    EXPECT_EQ(parsed_.find("negative")->as.integer, -5);
    EXPECT_EQ(parsed_.find("long")->as.integer, int64_t(1) << 40);
    EXPECT_EQ(parsed_.find("huge")->kind, PICKLE_OPAQUE);
    EXPECT_EQ(parsed_.find("real")->as.real, 0.1);
    EXPECT_EQ(parsed_.find("none")->kind, PICKLE_NONE);
    const pickle_value *yes = parsed_.find("yes");
    EXPECT_TRUE(yes->kind == PICKLE_BOOL ? yes->as.truth : yes->as.integer == 1);
    const pickle_value *tuple = parsed_.find("tuple");
    ASSERT_EQ(tuple->kind, PICKLE_TUPLE);
    ASSERT_EQ(tuple->as.list.count, 4u);
    EXPECT_EQ(tuple->as.list.items[3]->as.integer, 4);
    const pickle_value *list = parsed_.find("list");
    ASSERT_EQ(list->kind, PICKLE_LIST);
    ASSERT_EQ(list->as.list.count, 3u);
    EXPECT_EQ(get_text(list->as.list.items[0]), "a");
    EXPECT_EQ(get_text(list->as.list.items[1]->as.list.items[0]), "b");
    EXPECT_EQ(list->as.list.items[2]->kind, PICKLE_DICT);
}

TEST_P(Protocols, GivesTheSameTexts)
{
    const std::string end = GetParam().is_old ? "\xe9" : "\xc3\xa9";
    EXPECT_EQ(get_text(parsed_.find("text")), "it's \"so\"\\\n" + end);
    EXPECT_EQ(get_text(parsed_.find("far")), GetParam().is_old ? "?" : "\xe2\x82\xac");
}

TEST_P(Protocols, GivesTheSameArrays)
{
    const double boxes[3][4] = {{1, 2, 250, 200}, {3, 4, 251, 201}, {5, 6, 252, 202}};
    const pickle_value *plain = parsed_.find("again");
    const pickle_value *fortran = parsed_.find("fortran");
    const pickle_value *big_endian = parsed_.find("big_endian");
    ASSERT_EQ(plain->kind, PICKLE_ARRAY);
    ASSERT_EQ(fortran->kind, PICKLE_ARRAY);
    ASSERT_EQ(big_endian->kind, PICKLE_ARRAY);
    EXPECT_EQ(plain->as.array->dtype, PICKLE_NUMBER_U8);
    EXPECT_EQ(fortran->as.array->dtype, PICKLE_NUMBER_U16);
    ASSERT_TRUE(pickle_array_is_complete(plain->as.array));
    ASSERT_TRUE(pickle_array_is_complete(fortran->as.array));
    ASSERT_TRUE(pickle_array_is_complete(big_endian->as.array));
    for (int64_t row = 0; row < 3; row++) {
        for (int64_t column = 0; column < 4; column++) {
            EXPECT_EQ(pickle_array_get(plain->as.array, row, column), boxes[row][column]);
            EXPECT_EQ(pickle_array_get(fortran->as.array, row, column), 2 * boxes[row][column]);
        }
    }
    EXPECT_EQ(pickle_array_get(big_endian->as.array, 0, 0), 0.5);
    EXPECT_EQ(pickle_array_get(big_endian->as.array, 0, 1), -1.25);
    EXPECT_EQ(parsed_.find("bytes")->as.array, plain->as.array) << "one array under two names";
}

// The keys of pyannot.pkl are numpy's texts, its counts numpy's bytes.
TEST_P(Protocols, TakesScalarsOfNumpyAsNumbersAndTexts)
{
    EXPECT_EQ(parsed_.find("scalar")->kind, PICKLE_INT);
    EXPECT_EQ(parsed_.find("scalar")->as.integer, 200);
    EXPECT_EQ(parsed_.find("scalar_negative")->as.integer, -7);
    EXPECT_EQ(parsed_.find("scalar_real")->kind, PICKLE_FLOAT);
    EXPECT_EQ(parsed_.find("scalar_real")->as.real, 0.25);
    EXPECT_EQ(parsed_.find("scalar_yes")->as.integer, 1);
    EXPECT_EQ(get_text(parsed_.find("key/of_numpy")), "v_\xc3\xa9\xe2\x82\xac");
    EXPECT_EQ(get_text(parsed_.find("old_text")), "old");
}

TEST_P(Protocols, LeavesScalarsOpaqueWhereTheyAreNotAskedFor)
{
    const Parsed plain(read_pickle(std::string(GetParam().name) + ".pkl"),
                       {"a checkpoint", false, true});
    ASSERT_EQ(plain.status, SSLACT_OK) << plain.message;
    EXPECT_EQ(plain.find("scalar")->kind, PICKLE_OPAQUE);
}

TEST_P(Protocols, AreRefusedBelowTwoWhereTextOpcodesAreNotAskedFor)
{
    const Parsed plain(read_pickle(std::string(GetParam().name) + ".pkl"),
                       {"a checkpoint", true, false});
    if (!GetParam().needs_text) {
        EXPECT_EQ(plain.status, SSLACT_OK) << plain.message;
        return;
    }
    EXPECT_EQ(plain.status, SSLACT_ERROR_FORMAT);
    EXPECT_NE(plain.message.find("is not in a checkpoint"), std::string::npos) << plain.message;
}

INSTANTIATE_TEST_SUITE_P(Files, Protocols,
                         testing::Values(Form{"python_3_protocol_0", false, true},
                                         Form{"python_3_protocol_1", false, true},
                                         Form{"python_3_protocol_2", false, false},
                                         Form{"python_3_protocol_3", false, false},
                                         Form{"python_3_protocol_4", false, false},
                                         Form{"python_3_protocol_5", false, false},
                                         Form{"python_2_protocol_0", true, true},
                                         Form{"python_2_protocol_1", true, true},
                                         Form{"python_2_protocol_2", true, false}),
                         [](const testing::TestParamInfo<Form> &form) {
                             return std::string(form.param.name);
                         });

} // namespace
