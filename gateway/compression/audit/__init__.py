"""Ask a real model whether lightened pictures change its answers: before deployment, and on live traffic."""
