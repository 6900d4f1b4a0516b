namespace Smelt.EndToEnd.Tests.History;

/// <summary>The examples of docs/history.md.</summary>
public sealed class HistoryPageTests
{
    [Fact]
    public void Every_example_of_the_page_gives_what_it_shows() => Assert.Equal(5, RunnablePage.Run("docs/history.md"));
}
