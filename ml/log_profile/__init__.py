"""What a purchase log says about itself: quality, customers, money, time, products, churn."""

from ml.log_profile.profile import judge_minimum, profile_events

__all__ = ["judge_minimum", "profile_events"]
