# %% [markdown]
# # 1 · Sliding window
