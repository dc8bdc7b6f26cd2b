// SPDX-License-Identifier: Apache-2.0
#include "base/redaction.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Redaction, RegisteredSecretsVanishInEveryForm) {
  RegisterSecret("canary/+value=1");
  EXPECT_EQ(Redact("before canary/+value=1 after"), "before *** after");
  EXPECT_EQ(Redact("Y2FuYXJ5Lyt2YWx1ZT0x"), "***") << "base64";
  EXPECT_EQ(Redact("x=canary%2F%2Bvalue%3D1&y"), "x=***&y") << "URL-encoded";
}

TEST(Redaction, ALongerSecretThatContainsAnotherIsMaskedWhole) {
  RegisterSecret("innersecret");
  RegisterSecret("outer-innersecret-outer");
  EXPECT_EQ(Redact("[outer-innersecret-outer]"), "[***]");
}

TEST(Redaction, ShortValuesAreNotKept) {
  RegisterSecret("abc");
  EXPECT_EQ(Redact("abcdef"), "abcdef");
  RegisterSecret("wxyz");
  EXPECT_EQ(Redact("[wxyz]"), "[***]");
}

TEST(Redaction, AssignmentsToTellingWordsAreMasked) {
  EXPECT_EQ(Redact("username=\"u\" password=\"p w\";"), "username=\"u\" password=***;");
  EXPECT_EQ(Redact("sasl.password=xyz, more"), "sasl.password=***, more");
  EXPECT_EQ(Redact("fs.s3a.secret.key=k fs.s3a.session.token=t"), "fs.s3a.secret.key=*** fs.s3a.session.token=***");
  EXPECT_EQ(Redact("password='it\\'s';x"), "password=***;x");
  EXPECT_EQ(Redact("X-Amz-Security-Token=abc&Z=1"), "X-Amz-Security-Token=***&Z=1");
}

// As lines of SQL, JSON and files of settings have them, which errors show.
TEST(Redaction, ValuesBesideTellingWordsAreMasked) {
  EXPECT_EQ(Redact("  `myPassword` => 'Zq7'))"), "  `myPassword` => ***))");
  EXPECT_EQ(Redact("kafka.ssl.key.password => \"a b\", x"), "kafka.ssl.key.password => ***, x");
  EXPECT_EQ(Redact("OPTIONS (password 'a', user 'b')"), "OPTIONS (password ***, user 'b')");
  EXPECT_EQ(Redact("{\"clientSecret\": \"a\", \"n\": \"b\"}"), "{\"clientSecret\": ***, \"n\": \"b\"}");
  EXPECT_EQ(Redact("password = 'x'"), "password = ***");
  EXPECT_EQ(Redact("an unexpected token ')', a token: none"), "an unexpected token ')', a token: none");
  EXPECT_EQ(Redact("the password is wrong"), "the password is wrong");
  EXPECT_EQ(Redact("password"), "password");
  EXPECT_EQ(Redact("password ="), "password =");
}

TEST(Redaction, UsersOfUrlsAreMasked) {
  EXPECT_EQ(Redact("at http://me:pa@s/s@host:9000/x, 's3a://AK:k@bucket/a'"),
            "at http://***@host:9000/x, 's3a://***@bucket/a'");
  EXPECT_EQ(Redact("http://host:9000/x@y"), "http://host:9000/x@y");
  EXPECT_EQ(Redact("s3a://bucket/a:b@c and x://h:1 y@z"), "s3a://bucket/a:b@c and x://h:1 y@z");
}

TEST(Redaction, OtherTextStays) {
  EXPECT_EQ(Redact("a=b token bucket, key = value"), "a=b token bucket, key = value");
  EXPECT_EQ(Redact(""), "");
}

}  // namespace
}  // namespace sluice
