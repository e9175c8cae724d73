#include "engine/metrics/prometheus.hpp"
#include "engine/metrics/sum.hpp"

#include <gmock/gmock.h>
#include <limits>
#include <thread>

namespace rigger {
namespace {
using testing::HasSubstr;
using testing::Not;

class MetricsTest : public testing::Test {
protected:
    std::unique_ptr<MetricsRegistry> metrics = make_metrics_registry({100, false});
    std::string text() const { return metrics->exposition(); }
};

TEST_F(MetricsTest, Counter_Adds) {
    const auto handle = metrics->counter("rigger_plans_total", "Plans made.");
    metrics->add(handle, 1);
    metrics->add(handle, 2.5);
    EXPECT_THAT(
        text(),
        HasSubstr(
            "# HELP rigger_plans_total Plans made.\n# TYPE rigger_plans_total counter\nrigger_plans_total 3.5\n"));
}

TEST_F(MetricsTest, Counter_NeverGoesBack) {
    const auto handle = metrics->counter("c", "");
    metrics->add(handle, 5);
    metrics->add(handle, -3);
    metrics->set(handle, 1);
    metrics->add(handle, std::numeric_limits<double>::quiet_NaN());
    EXPECT_THAT(text(), HasSubstr("\nc 5\n"));
}

TEST_F(MetricsTest, Gauge_IsSetAndMoved) {
    const auto handle = metrics->gauge("g", "");
    metrics->add(handle, 7);
    metrics->set(handle, 10.5);
    metrics->add(handle, -0.25);
    EXPECT_THAT(text(), HasSubstr("\ng 10.25\n"));
    metrics->set(handle, std::numeric_limits<double>::quiet_NaN());
    EXPECT_THAT(text(), HasSubstr("\ng NaN\n"));
    metrics->set(handle, -std::numeric_limits<double>::infinity());
    EXPECT_THAT(text(), HasSubstr("\ng -Inf\n"));
    metrics->set(handle, 0.1);
    metrics->add(handle, 0);
    EXPECT_THAT(text(), Not(HasSubstr("NaN")));
}

TEST_F(MetricsTest, Histogram_CountsCumulatively) {
    const std::vector<double> bounds{0.1, 1, 10};
    const auto handle = metrics->histogram("h", "Seconds.", bounds, {{"loop", "plan"}});
    for (const double value : {0.05, 0.1, 0.5, 5.0, 50.0}) metrics->add(handle, value);
    EXPECT_THAT(text(), HasSubstr("# TYPE h histogram\n"
                                  "h_bucket{loop=\"plan\",le=\"0.1\"} 2\nh_bucket{loop=\"plan\",le=\"1\"} "
                                  "3\nh_bucket{loop=\"plan\",le=\"10\"} 4\n"
                                  "h_bucket{loop=\"plan\",le=\"+Inf\"} 5\nh_sum{loop=\"plan\"} 55.65"));
    EXPECT_THAT(text(), HasSubstr("h_count{loop=\"plan\"} 5\n"));
}

TEST_F(MetricsTest, Histogram_WithoutLabels_IsWellFormed) {
    const std::vector<double> bounds{1};
    metrics->add(metrics->histogram("h", "", bounds), 2);
    EXPECT_THAT(text(), HasSubstr("h_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\n"));
}

TEST_F(MetricsTest, SameNameAndLabels_GiveTheSameHandle_InAnyOrder) {
    const auto a = metrics->counter("c", "first help", {{"x", "1"}, {"y", "2"}});
    EXPECT_EQ(a, metrics->counter("c", "other help", {{"y", "2"}, {"x", "1"}}));
    EXPECT_NE(a, metrics->counter("c", "", {{"x", "1"}, {"y", "3"}}));
    const std::string page = text();
    EXPECT_EQ(page.find("# TYPE c counter"), page.rfind("# TYPE c counter")) << "HELP and TYPE stand once per name";
    EXPECT_THAT(page, HasSubstr("# HELP c first help\n"));
}

TEST_F(MetricsTest, Texts_AreEscaped) {
    metrics->counter("c", "back\\slash and\nline", {{"path", "a\\b\"c\nd"}});
    EXPECT_THAT(text(), HasSubstr("# HELP c back\\\\slash and\\nline\n"));
    EXPECT_THAT(text(), HasSubstr("c{path=\"a\\\\b\\\"c\\nd\"} 0\n"));
}

TEST_F(MetricsTest, BrokenUtf8_DoesNotSpoilThePage) {
    metrics->counter("c", "", {{"name", "测\xff\xe6\xb5"}});
    EXPECT_THAT(text(), HasSubstr("c{name=\"测???\"} 0\n"));
}

TEST_F(MetricsTest, BadDefinitions_GiveNoHandleAndAreCounted) {
    const std::vector<double> good{1, 2}, descending{2, 1}, infinite{1, std::numeric_limits<double>::infinity()}, none,
        other{1, 3};
    metrics->counter("taken", "");
    metrics->histogram("h", "", good);
    metrics->counter("x_sum", "");
    const std::vector<Metrics::Handle> handles{metrics->counter("", ""),
                                               metrics->counter("1c", ""),
                                               metrics->counter("c-d", ""),
                                               metrics->counter("c", "", {{"bad-label", "x"}}),
                                               metrics->counter("c", "", {{"__reserved", "x"}}),
                                               metrics->counter("c", "", {{"le", "x"}}),
                                               metrics->counter("c", "", {{"a", "1"}, {"a", "2"}}),
                                               metrics->counter("c", "", {{"a", std::string(2000, 'x')}}),
                                               metrics->gauge("taken", ""),
                                               metrics->histogram("d", "", descending),
                                               metrics->histogram("d", "", infinite),
                                               metrics->histogram("d", "", none),
                                               metrics->histogram("h", "", other),
                                               metrics->counter("h_count", ""),
                                               metrics->histogram("x", "", good)};
    for (size_t i = 0; i < handles.size(); ++i) EXPECT_EQ(handles[i], 0U) << i;
    EXPECT_THAT(text(), HasSubstr("rigger_metrics_refused_total " + std::to_string(handles.size()) + "\n"));
    EXPECT_FALSE(metrics->last_refusal().ok());
}

TEST_F(MetricsTest, SeriesBeyondTheLimit_AreRefused) {
    size_t given = 0;
    for (int i = 0; i < 150; ++i) given += metrics->counter("c", "", {{"i", std::to_string(i)}}) != 0 ? 1 : 0;
    EXPECT_EQ(given, 100U);
    EXPECT_NE(metrics->counter("c", "", {{"i", "5"}}), 0U) << "what exists is still found";
}

TEST_F(MetricsTest, UnknownHandles_AreIgnored) {
    metrics->add(0, 1);
    metrics->add(7, 1);
    metrics->set(UINT64_MAX, 1);
    EXPECT_THAT(text(), HasSubstr("rigger_metrics_series 0\n"));
}

TEST(ProcessMetrics, AreExposed) {
    const std::string page = make_metrics_registry()->exposition();
    for (const char *const name : {"process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
                                   "process_cpu_seconds_total"})
        EXPECT_THAT(page, HasSubstr(std::string("\n") + name + " "));
    const size_t at = page.find("\nprocess_start_time_seconds ");
    EXPECT_GT(std::stod(page.substr(at + 28)), 1.6e9);
}

TEST(Threads, AddDefineAndExposeAtOnce_LoseNothing) {
    constexpr int threads = 4, rounds = 20'000;
    const auto metrics = make_metrics_registry({5000, false});
    const std::vector<double> bounds{0.5, 1.5};
    const auto counter = metrics->counter("c", ""), histogram = metrics->histogram("h", "", bounds),
               gauge = metrics->gauge("g", "");
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t)
        workers.emplace_back([&, t] {
            for (int i = 0; i < rounds; ++i) {
                metrics->add(counter, 0.25);
                metrics->add(histogram, i % 2);
                metrics->add(gauge, i % 2 == 0 ? 1 : -1);
                if (i % 200 == 0)
                    metrics->add(metrics->counter("defined", "", {{"t", std::to_string(t)}, {"i", std::to_string(i)}}),
                                 1);
                if (i % 5000 == 0) (void)metrics->exposition();
            }
        });
    for (std::thread &worker : workers) worker.join();
    const std::string page = metrics->exposition();
    EXPECT_THAT(page, HasSubstr("\nc " + std::to_string(threads * rounds / 4) + "\n"));
    EXPECT_THAT(page, HasSubstr("\nh_sum " + std::to_string(threads * rounds / 2) + "\n"));
    EXPECT_THAT(page, HasSubstr("\nh_count " + std::to_string(threads * rounds) + "\n"));
    EXPECT_THAT(page, HasSubstr("\ng 0\n"));
}

TEST(Sum, CarriesFractionsWithoutLosingAny) {
    constexpr int threads = 4, rounds = 50'000;
    metrics::Sum sum(int64_t{8} << metrics::Sum::fraction_bits); // carries after every eight
    std::atomic<bool> done{false};
    std::thread reader([&] {
        double last = 0;
        while (!done.load()) {
            const double now = sum.value();
            EXPECT_GE(now, last) << "a reader must not see a carry half done";
            last = now;
        }
    });
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t)
        workers.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) sum.add(0.75);
        });
    for (std::thread &worker : workers) worker.join();
    done = true;
    reader.join();
    EXPECT_EQ(sum.value(), threads * rounds * 0.75);
}

TEST(Sum, ExtremeValues_DoNotOverflow) {
    metrics::Sum sum;
    sum.add(1e300);
    EXPECT_EQ(sum.value(), 9007199254740992.0);
    sum.add(std::numeric_limits<double>::infinity());
    sum.add(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(sum.value(), 9007199254740992.0);
    sum.add(-1e300);
    sum.add(-0.5);
    EXPECT_EQ(sum.value(), -0.5);
}

} // namespace
} // namespace rigger
