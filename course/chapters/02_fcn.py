# %% [markdown]
# # 2 · Fully convolutional networks
