// groups.hpp -- the groups of tests, in the order in which they run.
#pragma once
#include "../kit.hpp"

namespace check {

void add_file_tests(std::vector<Test> &);
void add_entry_tests(std::vector<Test> &);
void add_life_cycle_tests(std::vector<Test> &);
void add_compatibility_tests(std::vector<Test> &);
void add_config_tests(std::vector<Test> &);
void add_scorer_tests(std::vector<Test> &);
void add_reconciler_tests(std::vector<Test> &);
void add_source_tests(std::vector<Test> &);
void add_backend_tests(std::vector<Test> &);
void add_frontend_tests(std::vector<Test> &);
void add_error_tests(std::vector<Test> &);
void add_state_tests(std::vector<Test> &);

} // namespace check
