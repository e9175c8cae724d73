// A process that is killed in the middle of its commits: after the reopening every transaction is there as a whole or
// not at all, and every one that commit() had acknowledged is there.
#include "backend.hpp"

#include <atomic>
#include <csignal>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace rigger::store_test {
namespace {

/// Transaction number n touches every kind of row.
std::vector<Write> transaction(int n) {
    const Server server = sample_server(n, 2);
    const Offer offer = sample_offer(n);
    const Deployment deployment = sample_deployment(n, offer, server);
    return {PutServer{server},
            PutOffer{offer},
            PutDeployment{deployment},
            SetGpuOwner{server.gpus[0].id, deployment.id},
            PutIntent{{deployment.id.value + "/claim", deployment.id, "claim", moment(n), std::nullopt, ""}},
            AppendJournal{sample_event(n)},
            PutFailureMark{{offer.id, server.id, "x", moment(n), moment(n), moment(n)}},
            PutCheckpoint{"n", std::to_string(n)}};
}

[[noreturn]] void commit_for_ever(Backend &backend, int first, int acknowledge) {
    auto store = backend.open();
    if (!store.ok()) ::_exit(3);
    for (int n = first;; ++n) {
        if (!(*store)->commit(transaction(n)).ok()) ::_exit(4);
        if (::write(acknowledge, &n, sizeof n) != sizeof n) ::_exit(5);
    }
}

/// Starts a committing child, kills it after `after` acknowledgements plus a busy wait of `spins`; answers the last
/// acknowledged number.
int kill_a_committer(Backend &backend, int first, int after, int spins) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        commit_for_ever(backend, first, ends[1]);
    }
    ::close(ends[1]);
    int acknowledged = first - 1, number = 0;
    for (int i = 0; i < after && ::read(ends[0], &number, sizeof number) == sizeof number; ++i) acknowledged = number;
    for (std::atomic<int> i{0}; i < spins; ++i) {}
    ::kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number) acknowledged = number;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with code " << WEXITSTATUS(status);
    return acknowledged;
}

void expect_whole(const PersistentState &state, int last) {
    const auto n = static_cast<size_t>(last);
    ASSERT_EQ(state.servers.size(), n);
    EXPECT_EQ(state.offers.size(), n);
    EXPECT_EQ(state.deployments.size(), n);
    EXPECT_EQ(state.intents.size(), n);
    EXPECT_EQ(state.unhandled.size(), n);
    EXPECT_EQ(state.failures.size(), n);
    if (last > 0) { EXPECT_EQ(state.checkpoints.at("n"), std::to_string(last)); }
    std::set<DeploymentId> owners;
    for (const Server &server : state.servers) {
        ASSERT_EQ(server.gpus.size(), 2U);
        owners.insert(server.gpus[0].deployment);
        EXPECT_TRUE(server.gpus[1].deployment.empty());
    }
    EXPECT_EQ(owners.size(), n) << "every deployment owns its GPU";
}

TEST_P(DurableStoreConformance, KilledInTheMiddleOfCommits_KeepsWholeTransactionsAndEveryAcknowledgedOne) {
    store.reset();
    constexpr int rounds = 60;
    int present = 0;
    for (int round = 0; round < rounds; ++round) {
        const int acknowledged = kill_a_committer(*backend, present + 1, round % 4, (round * 7919) % 400'000);
        reopen();
        const PersistentState state = load();
        const int found = static_cast<int>(state.deployments.size());
        ASSERT_GE(found, acknowledged) << "an acknowledged commit is lost";
        ASSERT_LE(found, acknowledged + 1) << "at most the commit under way may be there as well";
        expect_whole(state, found);
        present = found;
        store.reset();
    }
    EXPECT_GT(present, rounds) << "the child must have committed something, else this test shows nothing";
}

} // namespace
} // namespace rigger::store_test
