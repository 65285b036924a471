# %% [markdown]
# # 4 · Transposed convolution
