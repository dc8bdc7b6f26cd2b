// SPDX-License-Identifier: Apache-2.0
// Answers SQL expressions as a session does. tests/golden/expressions.tsv has drawn ones with real Spark's answers;
// `make expressions` draws others, asks both and compares (tests/expressions).
#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "exec/operator.h"
#include "expr/cast.h"
#include "expr/session_context.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

std::vector<std::string> Cut(const std::string& line) {
  std::vector<std::string> parts;
  std::istringstream rest(line);
  for (std::string part; std::getline(rest, part, '\t');) parts.push_back(part);
  if (line.ends_with('\t')) parts.emplace_back();  // an empty text is an answer too
  return parts;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char c : bytes) text += fmt::format("{:02x}", c);
  return text;
}

class Answerer {
 public:
  Answerer()
      : env_(MakeRealEnv()),
        session_(std::make_shared<Session>(std::make_shared<Process>(env_, Conf()), "expressions")) {}

  // "ok", type and CAST(v AS STRING) in hexadecimal or "null"; or "error" and its class: as
  // tests/rig/ExpressionAnswers.java.
  std::string Answer(const std::string& ansi, const std::string& zone, const std::string& query) {
    const Result<std::string> answer = Ask(ansi, zone, query);
    if (answer.ok()) return *answer;
    const SparkErrorDetail* error = FindSparkError(answer.status());
    return "error\t" + (error == nullptr ? "INTERNAL " + answer.status().message() : error->error_class);
  }

 private:
  Result<std::string> Ask(const std::string& ansi, const std::string& zone, const std::string& query) {
    SLUICE_RETURN_IF_ERROR(session_->SetConf("spark.sql.ansi.enabled", ansi));
    SLUICE_RETURN_IF_ERROR(session_->SetConf("spark.sql.session.timeZone", zone));
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query(query);
    SLUICE_ASSIGN(const PlanPtr plan, session_->Resolve(relation));
    SLUICE_ASSIGN(const std::unique_ptr<Operator> rows, session_->Run(plan));
    std::string type = SparkSimpleString(*plan->schema->field(0)->type());
    SLUICE_ASSIGN(auto batch, rows->Next());
    while (batch != nullptr && batch->num_rows() == 0) {
      SLUICE_ASSIGN(batch, rows->Next());
    }
    if (batch == nullptr) return "ok\t" + type + "\t" + Hex("(no row)");
    const SessionOptions options = SessionOptions::Of(session_->conf());
    const EvalContext context = ContextOf(options, 0);
    const auto& field = *batch->schema()->field(0);
    SLUICE_ASSIGN(const ExprPtr text, MakeCast(std::make_shared<ColumnExpr>(0, "v", field.type(), true), StringType(),
                                               options.ansi ? CastMode::kAnsi : CastMode::kLegacy));
    Evaluation evaluation(*batch, context);
    SLUICE_ASSIGN(const auto values, evaluation.Eval(text));
    if (values->IsNull(0)) return "ok\t" + type + "\tnull";
    return "ok\t" + type + "\t" + Hex(static_cast<const arrow::StringViewArray&>(*values).GetView(0));
  }

  std::shared_ptr<Env> env_;
  std::shared_ptr<Session> session_;
};

// A line of a recording: ansi, zone, query, then Spark's answer.
class RecordedExpressions : public testing::TestWithParam<const char*> {};

TEST_P(RecordedExpressions, AreAnsweredAsByRealSpark) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR "/tests/golden/expressions/") + GetParam() + ".tsv");
  Answerer answerer;
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const std::vector<std::string> parts = Cut(line);
    ASSERT_GE(parts.size(), 5U) << line;
    std::string wanted = parts[3];
    for (size_t i = 4; i < parts.size(); ++i) wanted += "\t" + parts[i];
    EXPECT_EQ(answerer.Answer(parts[0], parts[1], parts[2]), wanted) << parts[0] << ' ' << parts[1] << ' ' << parts[2];
  }
  EXPECT_GT(cases, 100);
}

INSTANTIATE_TEST_SUITE_P(Files, RecordedExpressions, testing::Values("drawn", "casts", "patterns", "edges"),
                         [](const auto& info) { return std::string(info.param); });

// For tests/expressions/compare.py: SLUICE_QUESTIONS and SLUICE_ANSWERS name its files.
TEST(Expressions, AnswerAFile) {
  const char* questions = std::getenv("SLUICE_QUESTIONS");
  const char* answers = std::getenv("SLUICE_ANSWERS");
  if (questions == nullptr || answers == nullptr) GTEST_SKIP() << "asked by make expressions only";
  std::ifstream in(questions);
  std::ofstream out(answers, std::ios::app);
  Answerer answerer;
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> parts = Cut(line);
    ASSERT_EQ(parts.size(), 3U) << line;
    out << answerer.Answer(parts[0], parts[1], parts[2])
        << std::endl;  // what was answered stays when the next one crashes
  }
}

}  // namespace
}  // namespace sluice
