#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <string>
#include <vector>

namespace sallyport::lab {

/// What trackers keep.
struct TrackedIssue {
  std::string title;
  std::vector<std::string> labels;
  std::vector<std::string> comments;
};

/// TheHive's cases, numbered from 1. The key is `lab-thehive-key`.
class TheHiveLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::vector<TrackedIssue> cases{{.title = "old", .labels = {}, .comments = {}}};
};

/// Issues of GitHub's `acme/soc`, numbered from 1. The token is `lab-github-token`.
class GithubLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::vector<TrackedIssue> issues{{.title = "old", .labels = {}, .comments = {}}};
};

/// Issues of GitLab's project 42, numbered from 1. The token is `lab-gitlab-token`.
class GitlabLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::vector<TrackedIssue> issues{{.title = "old", .labels = {}, .comments = {}}};
};

}  // namespace sallyport::lab
