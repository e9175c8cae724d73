// core/domain/shared_list.hpp -- a long list of which copies share what is equal, so that a snapshot of ten thousand
// records costs what has changed since the last one.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace rigger {

/// Items lie in chunks. A copy shares all of them, and whichever is written to takes a chunk of its own first. Values
/// of T are compared with ==, cheaply. Threads: as std::vector; lists that share chunks are independent of each other.
template <typename T> class SharedList {
    using Chunk = std::vector<T>;

public:
    static constexpr size_t chunk_items = 128;

    class const_iterator {
    public:
        using iterator_category = std::random_access_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = const T *;
        using reference = const T &;

        const_iterator() = default;
        const_iterator(const SharedList *list, size_t at) : list_(list), at_(at) {}
        reference operator*() const { return (*list_)[at_]; }
        pointer operator->() const { return &(*list_)[at_]; }
        reference operator[](difference_type n) const { return *(*this + n); }
        const_iterator &operator+=(difference_type n) {
            at_ += static_cast<size_t>(n);
            return *this;
        }
        const_iterator &operator-=(difference_type n) { return *this += -n; }
        const_iterator &operator++() { return *this += 1; }
        const_iterator &operator--() { return *this -= 1; }
        const_iterator operator++(int) { return std::exchange(*this, *this + 1); }
        const_iterator operator--(int) { return std::exchange(*this, *this - 1); }
        friend const_iterator operator+(const_iterator a, difference_type n) { return a += n; }
        friend const_iterator operator+(difference_type n, const_iterator a) { return a += n; }
        friend const_iterator operator-(const_iterator a, difference_type n) { return a -= n; }
        friend difference_type operator-(const const_iterator &a, const const_iterator &b) {
            return static_cast<difference_type>(a.at_) - static_cast<difference_type>(b.at_);
        }
        friend bool operator==(const const_iterator &a, const const_iterator &b) { return a.at_ == b.at_; }
        friend auto operator<=>(const const_iterator &a, const const_iterator &b) { return a.at_ <=> b.at_; }

    private:
        const SharedList *list_ = nullptr;
        size_t at_ = 0;
    };
    using iterator = const_iterator;
    using value_type = T;

    SharedList() = default;
    SharedList(const std::vector<T> &items) { // NOLINT(google-explicit-constructor): a vector is such a list
        for (const T &item : items) push_back(item);
    }
    SharedList(std::initializer_list<T> items) {
        for (const T &item : items) push_back(item);
    }

    size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /// Preconditions: `at` < size(); not empty.
    const T &operator[](size_t at) const { return (*chunks_[at / chunk_items])[at % chunk_items]; }
    const T &front() const { return (*this)[0]; }
    const T &back() const { return (*this)[size_ - 1]; }
    const_iterator begin() const { return {this, 0}; }
    const_iterator end() const { return {this, size_}; }

    /// Precondition: `at` < size().
    void set(size_t at, T item) { own(at / chunk_items)[at % chunk_items] = std::move(item); }
    void push_back(T item) {
        if (size_ % chunk_items == 0) {
            chunks_.push_back(std::make_shared<Chunk>());
            chunks_.back()->reserve(chunk_items);
        }
        own(chunks_.size() - 1).push_back(std::move(item));
        ++size_;
    }

    /// Precondition: `at` < size(). What stands behind it moves up.
    void erase(size_t at) {
        for (; at + 1 < size_; ++at) set(at, (*this)[at + 1]);
        if (Chunk &last = own(chunks_.size() - 1); last.size() > 1) last.pop_back();
        else chunks_.pop_back();
        --size_;
    }

    /// Precondition: neither is shorter than `at`. The first place from there on where the two differ; the shorter
    /// one's size if there is none. Chunks that they share are not looked into.
    size_t first_difference(const SharedList &other, size_t at = 0) const {
        const size_t shorter = std::min(size_, other.size_);
        while (at < shorter) {
            const size_t chunk = at / chunk_items;
            if (at % chunk_items == 0 && chunks_[chunk] == other.chunks_[chunk]) at += chunks_[chunk]->size();
            else if ((*this)[at] == other[at]) ++at;
            else break;
        }
        return std::min(at, shorter);
    }
    /// How many items at the back the two have in common, but for the first `head` items of each.
    size_t common_tail(const SharedList &other, size_t head) const {
        const size_t most = std::min(size_, other.size_) - head;
        size_t tail = 0;
        while (tail < most) {
            const size_t here = size_ - tail, there = other.size_ - tail, chunk = (here - 1) / chunk_items;
            const bool at_an_end = here == there && (tail == 0 || here % chunk_items == 0);
            if (at_an_end && chunks_[chunk] == other.chunks_[chunk]) tail += chunks_[chunk]->size();
            else if ((*this)[here - 1] == other[there - 1]) ++tail;
            else break;
        }
        return std::min(tail, most);
    }

    /// Builds a list that shares with `last` every chunk in which nothing differs.
    class Successor {
    public:
        explicit Successor(const SharedList &last) : last_(last) {}

        void add(const T &item) {
            const size_t size = made_.size_ + same_, chunk = size / chunk_items;
            if (size % chunk_items == same_ && size < last_.size_ && last_[size] == item) {
                if (++same_ == last_.chunks_[chunk]->size() && same_ == chunk_items) share(chunk);
                return;
            }
            unshare();
            made_.push_back(item);
        }
        SharedList finish() && {
            if (same_ > 0 && made_.size_ + same_ == last_.size_) share(last_.chunks_.size() - 1);
            unshare();
            return std::move(made_);
        }

    private:
        void share(size_t chunk) {
            made_.chunks_.push_back(last_.chunks_[chunk]);
            made_.size_ += std::exchange(same_, 0);
        }
        void unshare() { // what was taken for the beginning of a shared chunk is copied
            const size_t begin = made_.size_;
            for (size_t i = 0, count = std::exchange(same_, 0); i < count; ++i) made_.push_back(last_[begin + i]);
        }

        const SharedList &last_;
        SharedList made_;
        size_t same_ = 0; ///< items of the chunk at hand, all equal to those of `last`
    };

private:
    Chunk &own(size_t chunk) {
        auto &slot = chunks_[chunk];
        if (slot.use_count() == 1) {
            std::atomic_thread_fence(
                std::memory_order_acquire); // what others read before they gave it up, they have read
        } else {
            auto copy = std::make_shared<Chunk>();
            copy->reserve(chunk_items);
            copy->assign(slot->begin(), slot->end());
            slot = std::move(copy);
        }
        return *slot;
    }

    std::vector<std::shared_ptr<Chunk>> chunks_;
    size_t size_ = 0;
};

/// Where in a list of records the one with that id stands; its size: nowhere.
template <typename Ptr, typename Id> size_t place_of(const SharedList<Ptr> &records, const Id &id) {
    const auto has_id = [&](const Ptr &record) { return record->id == id; };
    return static_cast<size_t>(std::find_if(records.begin(), records.end(), has_id) - records.begin());
}

} // namespace rigger
