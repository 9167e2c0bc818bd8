#include "tests/integration/engine/set_witness.hpp"

#include "connectors/native/base/network_namespace.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace sallyport::testing {

namespace {

using Bytes = std::span<const char>;

/// An event takes some kilobytes of it; the test makes some hundreds.
constexpr int buffer_bytes = 64 << 20;

/// Calls `visit` with the payload of each attribute of `type` in `attributes`.
void for_each_attribute(Bytes attributes,
                        unsigned type,
                        const std::function<void(Bytes payload)>& visit) {
  while (attributes.size() >= sizeof(nlattr)) {
    nlattr head;
    std::memcpy(&head, attributes.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > attributes.size()) return;
    if ((head.nla_type & NLA_TYPE_MASK) == type)
      visit(attributes.subspan(NLA_HDRLEN, head.nla_len - NLA_HDRLEN));
    attributes =
        attributes.subspan(std::min<std::size_t>(NLA_ALIGN(head.nla_len), attributes.size()));
  }
}

/// The IPv4 addresses among the elements that one message of `new elements` names.
void count_elements(Bytes message, std::map<std::string, int>& seen) {
  const auto count = [&](Bytes address) {
    if (address.size() != sizeof(in_addr)) return;
    char text[INET_ADDRSTRLEN];
    ++seen[inet_ntop(AF_INET, address.data(), text, sizeof text)];
  };
  const auto attributes = message.subspan(NLMSG_ALIGN(sizeof(nfgenmsg)));
  for_each_attribute(attributes, NFTA_SET_ELEM_LIST_ELEMENTS, [&](Bytes elements) {
    for_each_attribute(elements, NFTA_LIST_ELEM, [&](Bytes element) {
      for_each_attribute(element, NFTA_SET_ELEM_KEY, [&](Bytes key) {
        for_each_attribute(key, NFTA_DATA_VALUE, count);
      });
    });
  });
}

[[noreturn]] void give_up(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

}  // namespace

SetWitness::SetWitness(const std::string& network_namespace) {
  const auto opened = connectors::in_network_namespace(network_namespace, [&] {
    socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  });
  if (!opened) throw std::runtime_error{opened.error().detail};
  if (socket_ < 0) give_up("netlink socket");
  if (setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0)
    give_up("SO_RCVBUFFORCE");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (NFNLGRP_NFTABLES - 1);
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    give_up("netlink bind");
}

SetWitness::~SetWitness() {
  close(socket_);
}

const std::map<std::string, int>& SetWitness::seen() {
  constexpr auto new_elements = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWSETELEM;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const auto received = recv(socket_, buffer.data(), buffer.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return seen_;
    if (received < 0) give_up("netlink events were lost");
    Bytes rest{buffer.data(), static_cast<std::size_t>(received)};
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr head;
      std::memcpy(&head, rest.data(), sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) break;
      if (head.nlmsg_type == new_elements)
        count_elements(rest.subspan(NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN), seen_);
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), rest.size()));
    }
  }
}

}  // namespace sallyport::testing
