// rigger/sdk/testing.hpp -- for an author's own unit tests: a host made of fakes, instances driven through the C tables
// as the daemon drives them, tables for scorers, recorders for everything a plugin delivers. Header-only C++17, no test
// framework.
//
//   rig::testing::FakeHost host;                       // every service granted; a clock that moves only when told
//   auto made = rig::testing::Instance::create(rig_plugin_v1, host, R"({"weight": 2})");
//   rig::testing::ScoreTable table(*made->table<rig_placement_scorer>(RIG_KIND_PLACEMENT_SCORER), 1, 3);
//   table.candidate("gpu.free", {1, 4, 8}).workload("gpu.count", {1});
//   made->start(); made->score(table); table.at(0, 2);
#pragma once
#include <rigger/sdk/plugin.hpp>
#include <rigger/sdk/testing/fake_host.hpp>
#include <rigger/sdk/testing/instance.hpp>
#include <rigger/sdk/testing/recorders.hpp>
#include <rigger/sdk/testing/score_table.hpp>
