"""What a purchase log says about itself: quality, customers, money, time, products, churn."""

from ml.logs.profile.profile import judge_minimum, profile_events

__all__ = ["judge_minimum", "profile_events"]
