"""What a purchase log says about itself: quality, customers, money, time, products, churn."""

from ml.log_profile.profile import profile_events

__all__ = ["profile_events"]
